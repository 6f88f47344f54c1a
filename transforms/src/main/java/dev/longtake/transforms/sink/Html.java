package dev.longtake.transforms.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

/** The only door through which text of others comes into a page. */
final class Html {
  private static final String UNRESERVED = "-._~/";
  private static final int FIRST_PRINTABLE = 0x20;
  private static final int CONTROL_PICTURES = 0x2400; // a visible sign for each control character
  private static final char REPLACEMENT = '\ufffd';

  private Html() {}

  /** Returns {@code text} as it is written in an element or a quoted attribute. */
  static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    text.codePoints().forEach(character -> append(escaped, character));
    return escaped.toString();
  }

  /** Returns {@code path}, whose parts are parted by slashes, as a link relative to the page. */
  static String relativeLink(String path) {
    StringBuilder link = new StringBuilder("./");
    for (byte octet : path.getBytes(UTF_8)) {
      char character = (char) (octet & 0xff);
      boolean isPlain =
          character < 0x80
              && (Character.isLetterOrDigit(character) || UNRESERVED.indexOf(character) >= 0);
      link.append(isPlain ? String.valueOf(character) : "%%%02X".formatted((int) character));
    }
    return link.toString();
  }

  private static void append(StringBuilder escaped, int character) {
    switch (character) {
      case '&' -> escaped.append("&amp;");
      case '<' -> escaped.append("&lt;");
      case '>' -> escaped.append("&gt;");
      case '"' -> escaped.append("&quot;");
      case '\'' -> escaped.append("&#39;");
      case '\n', '\t' -> escaped.appendCodePoint(character);
      default -> escaped.appendCodePoint(visible(character));
    }
  }

  private static int visible(int character) {
    if (character < FIRST_PRINTABLE) {
      return CONTROL_PICTURES + character;
    }
    boolean isUnfit =
        Character.isISOControl(character)
            || Character.getType(character) == Character.SURROGATE
            || (character & 0xfffe) == 0xfffe // no characters
            || (character >= 0xfdd0 && character <= 0xfdef);
    return isUnfit ? REPLACEMENT : character;
  }
}
