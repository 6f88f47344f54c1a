package dev.longtake.transforms.request;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds pictures and speech: absolute paths and URIs are kept, all others are relative to the
 * manifest's directory.
 *
 * <p>Texts are joined, nothing is decoded: a {@code %20} in a URI stays what it is, as in Beam's
 * file systems. Below a bucket {@code ..} is worked out here, because object stores have no
 * directories.
 */
final class InputPaths {
  private static final Pattern URI = Pattern.compile("([a-zA-Z][a-zA-Z0-9+.-]+):(//?.*)");
  private static final Pattern BUCKET = Pattern.compile("([a-zA-Z][a-zA-Z0-9+.-]+://[^/]+/)(.*)");

  private final String directory;

  /** Resolves against the directory of this manifest, a path or a URI. */
  InputPaths(String manifest) {
    this.directory = manifest.substring(0, manifest.lastIndexOf('/') + 1);
  }

  /**
   * Returns where an input is.
   *
   * @param path as the manifest has it, not blank
   * @throws RequestFaultException BAD_PATH if no file can be there
   */
  String resolve(Column column, String path) throws RequestFaultException {
    if (path.chars().anyMatch(Character::isISOControl)) {
      throw badPath(column, path, "it contains a control character");
    }
    Matcher uri = URI.matcher(path);
    if (uri.matches()) {
      String scheme = uri.group(1).toLowerCase(Locale.ROOT);
      if (scheme.equals("http") || scheme.equals("https")) {
        throw badPath(column, path, "web addresses are not read; download the file first");
      }
      return path;
    }
    if (path.startsWith("/")) {
      return path;
    }
    String joined = directory + (path.startsWith("./") ? path.substring(2) : path);
    Matcher bucket = BUCKET.matcher(joined);
    return bucket.matches() ? bucket.group(1) + withoutDots(column, path, bucket.group(2)) : joined;
  }

  private static String withoutDots(Column column, String path, String object)
      throws RequestFaultException {
    Deque<String> parts = new ArrayDeque<>();
    for (String part : object.split("/", -1)) {
      if (part.equals("..")) {
        if (parts.pollLast() == null) {
          throw badPath(column, path, "it leaves the manifest's bucket");
        }
      } else if (!part.equals(".")) {
        parts.addLast(part);
      }
    }
    return String.join("/", parts);
  }

  private static RequestFaultException badPath(Column column, String path, String reason) {
    return new RequestFaultException(
        "BAD_PATH",
        "The %s '%s' cannot be read: %s.".formatted(column.key(), SafeNames.shown(path), reason));
  }
}
