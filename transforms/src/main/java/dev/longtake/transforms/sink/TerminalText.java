package dev.longtake.transforms.sink;

/** Text for a terminal: what others wrote cannot steer it, and a width is one in columns. */
final class TerminalText {
  private static final String CUT = "~";

  private TerminalText() {}

  /** Returns {@code text} on one line and without a character that moves the cursor or hides. */
  static String plain(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            character -> {
              switch (Character.getType(character)) {
                case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                    plain.append(' ');
                case Character
                        .FORMAT -> {} // invisible, and some turn the direction of what follows
                case Character.SURROGATE, Character.UNASSIGNED -> plain.append('?');
                default -> plain.appendCodePoint(character);
              }
            });
    return plain.toString();
  }

  /** Returns {@code text}, cut to at most {@code columns}. */
  static String cut(String text, int columns) {
    if (columns(text) <= columns) {
      return text;
    }
    StringBuilder head = new StringBuilder();
    int used = CUT.length();
    for (int i = 0; i < text.length(); ) {
      int character = text.codePointAt(i);
      used += columns(character);
      if (used > columns) {
        break;
      }
      head.appendCodePoint(character);
      i += Character.charCount(character);
    }
    return columns < 1 ? "" : head + CUT;
  }

  /** Returns {@code text}, cut or followed by spaces, {@code columns} wide. */
  static String fit(String text, int columns) {
    String cut = cut(text, columns);
    return cut + " ".repeat(Math.max(0, columns - columns(cut)));
  }

  /** Returns how many columns a terminal gives {@code text}. */
  static int columns(String text) {
    return text.codePoints().map(TerminalText::columns).sum();
  }

  private static int columns(int character) {
    int type = Character.getType(character);
    if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK) {
      return 0;
    }
    boolean isWide =
        Character.isIdeographic(character)
            || within(character, 0x1100, 0x115f) // Hangul, in parts
            || within(character, 0x2e80, 0x303e) // CJK signs
            || within(character, 0x3041, 0xa4cf) // Kana to Yi
            || within(character, 0xac00, 0xd7a3) // Hangul, whole
            || within(character, 0xfe30, 0xfe6f)
            || within(character, 0xff00, 0xff60) // Latin at full width
            || within(character, 0x1f300, 0x1f64f) // emoji
            || within(character, 0x1f680, 0x1f6ff)
            || within(character, 0x1f900, 0x1f9ff);
    return isWide ? 2 : 1;
  }

  private static boolean within(int character, int first, int last) {
    return character >= first && character <= last;
  }
}
