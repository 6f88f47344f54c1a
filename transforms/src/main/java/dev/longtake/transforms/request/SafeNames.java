package dev.longtake.transforms.request;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * Which names may become files: those that stay in their directory, are no pattern to Beam's file
 * systems, and can be copied to any other file system.
 */
final class SafeNames {
  /** Leaves room for an extension and a temporary ending within the usual 255. */
  private static final int MOST_BYTES = 200;

  private static final int MOST_OUTPUT_BYTES = 800;
  private static final int DIGEST_DIGITS = 8;
  private static final int SHOWN_CHARACTERS = 80;
  private static final String EXTENSION = ".mp4";
  private static final String FORBIDDEN = "/\\:*?\"<>|[]{}";

  /** Devices on Windows, with any extension. */
  private static final Pattern RESERVED =
      Pattern.compile("(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\\..*)?");

  private SafeNames() {}

  /** Returns why a name may not become a file name; nothing if it may. */
  static Optional<String> objection(String name) {
    if (name.isBlank()) {
      return Optional.of("it is blank");
    }
    OptionalInt bad = name.codePoints().filter(SafeNames::isBad).findFirst();
    if (bad.isPresent()) {
      return Optional.of("it contains '%s'".formatted(shown(Character.toString(bad.getAsInt()))));
    }
    if (name.startsWith(".") || name.contains("..")) {
      return Optional.of("it starts with a dot or contains '..'");
    }
    if (name.startsWith(" ") || name.endsWith(" ") || name.endsWith(".")) {
      return Optional.of("it starts or ends with a space, or ends with a dot");
    }
    int bytes = name.getBytes(UTF_8).length;
    if (bytes > MOST_BYTES) {
      return Optional.of("it has %d bytes, more than %d".formatted(bytes, MOST_BYTES));
    }
    if (RESERVED.matcher(name).matches()) {
      return Optional.of("it is the name of a device on Windows");
    }
    return Optional.empty();
  }

  /** Returns why a path may not become an output below the output directory. */
  static Optional<String> outputObjection(String output) {
    if (!output.endsWith(EXTENSION)) {
      return Optional.of("it does not end with " + EXTENSION);
    }
    int bytes = output.getBytes(UTF_8).length;
    if (bytes > MOST_OUTPUT_BYTES) {
      return Optional.of("it has %d bytes, more than %d".formatted(bytes, MOST_OUTPUT_BYTES));
    }
    String[] parts = output.split("/", -1);
    for (int i = 0; i < parts.length; i++) {
      Optional<String> objection = objection(parts[i]);
      if (objection.isPresent()) {
        return Optional.of("of '%s', %s".formatted(shown(parts[i]), objection.get()));
      }
      if (i < parts.length - 1 && parts[i].endsWith(EXTENSION)) {
        return Optional.of("its directory '%s' could be a video".formatted(parts[i]));
      }
    }
    return Optional.empty();
  }

  /** Returns the output of a request that names none. */
  static String defaultOutput(String id) {
    return id + EXTENSION;
  }

  /** Returns the only id whose default output this could be. */
  static String idOf(String output) {
    return output.substring(0, output.length() - EXTENSION.length());
  }

  /**
   * Returns a name as it is if it is safe, and else one that is: with underscores for what is
   * unsafe, shortened, and with a digest of the whole name, so that different names stay different.
   */
  static String sanitised(String name) {
    if (objection(name).isEmpty()) {
      return name;
    }
    String digest = HexFormat.of().formatHex(CanonicalHash.sha256().digest(name.getBytes(UTF_8)));
    StringBuilder safe = new StringBuilder("_");
    int most = MOST_BYTES - 2 - DIGEST_DIGITS;
    int bytes = 1;
    for (int point : name.codePoints().toArray()) {
      int replaced = isBad(point) || point == '.' || point == ' ' ? '_' : point;
      bytes += Character.toString(replaced).getBytes(UTF_8).length;
      if (bytes > most) {
        break;
      }
      safe.appendCodePoint(replaced);
    }
    return safe + "-" + digest.substring(0, DIGEST_DIGITS);
  }

  /** Returns a name for a message: short, and without characters that a terminal obeys. */
  static String shown(String name) {
    StringBuilder text = new StringBuilder();
    name.codePoints()
        .limit(SHOWN_CHARACTERS)
        .forEach(
            point -> {
              if (isControl(point)) {
                text.append("U+%04X".formatted(point));
              } else {
                text.appendCodePoint(point);
              }
            });
    boolean whole = name.codePointCount(0, name.length()) <= SHOWN_CHARACTERS;
    return whole ? text.toString() : text + "…";
  }

  private static boolean isBad(int point) {
    return isControl(point) || FORBIDDEN.indexOf(point) >= 0;
  }

  private static boolean isControl(int point) {
    int type = Character.getType(point);
    return type == Character.CONTROL
        || type == Character.SURROGATE
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR
        || isDirectionOverride(point);
  }

  /** Bidirectional embeddings, overrides and isolates: they make a name look like another one. */
  private static boolean isDirectionOverride(int point) {
    return (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
  }
}
