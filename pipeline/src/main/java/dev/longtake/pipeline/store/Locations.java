package dev.longtake.pipeline.store;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.regex.Pattern;

/** Which paths below a store's root there can be, and which belong together. */
final class Locations {
  private static final Pattern PART = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]*");
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final int DIGEST_CHARS_IN_NAME = 12;

  private Locations() {}

  /**
   * Returns {@code location} if it is one: it cannot lead out of the root or to a temporary file.
   */
  static String check(String location) {
    for (String part : location.split("/", -1)) {
      checkArgument(
          PART.matcher(part).matches(),
          "'%s' is no place in a work store: its part '%s' must begin with a letter, a digit, '_' or"
              + " '-' and may go on with these and '.'",
          location,
          part);
    }
    return location;
  }

  /** Returns {@code digest} if it can be one. */
  static String checkDigest(String digest) {
    checkArgument(
        isDigest(digest), "A digest must be 64 lowercase hexadecimal digits, but was '%s'", digest);
    return digest;
  }

  static boolean isDigest(String text) {
    return DIGEST.matcher(text).matches();
  }

  static String ofObject(String digest) {
    return "objects/" + digest;
  }

  /** Returns where an entry's marker is. */
  static String ofMarker(String name) {
    return name + ".json";
  }

  /**
   * Returns where bytes of an entry are. The digest is part of it, so that no writer of the entry
   * can change the bytes that another one's marker speaks of.
   */
  static String ofContent(String name, String digest) {
    int dot = name.lastIndexOf('.');
    int stem = dot > name.lastIndexOf('/') ? dot : name.length();
    return name.substring(0, stem)
        + "-"
        + digest.substring(0, DIGEST_CHARS_IN_NAME)
        + name.substring(stem);
  }
}
