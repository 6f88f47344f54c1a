package dev.longtake.runtime.model.t5;

import java.text.Normalizer;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Simplifies characters to those that the text encoder was trained to see: the rules of the library
 * ftfy that change ordinary text, in its order.
 *
 * <ol>
 *   <li>HTML references with a semicolon are resolved, unless the text has a {@code <}
 *   <li>Latin ligatures become their letters
 *   <li>full-width and half-width forms, and the ideographic space, become normal characters
 *   <li>curly quotation marks and apostrophes become straight
 *   <li>every kind of line end becomes a line feed
 *   <li>halves of surrogate pairs become U+FFFD
 *   <li>terminal colour codes and control characters disappear
 *   <li>composed characters take their shortest form (NFC)
 * </ol>
 *
 * The rules are repeated until they change nothing. Wrongly decoded text is not repaired.
 */
final class Typography {
  private static final Pattern HTML_REFERENCE = Pattern.compile("&#?[0-9A-Za-z]{1,24};");
  private static final Pattern SINGLE_QUOTES = Pattern.compile("[\u02bc\u2018-\u201b]");
  private static final Pattern DOUBLE_QUOTES = Pattern.compile("[\u201c-\u201f]");
  private static final Pattern LINE_ENDS = Pattern.compile("\r\n|[\r\u2028\u2029\u0085]");
  private static final Pattern LONE_SURROGATES = Pattern.compile("\\p{Cs}");
  private static final Pattern TERMINAL_CODES = Pattern.compile("\u001b\\[[\\d;]*[a-zA-Z]");

  /** C0 controls but tab, line feed, form feed and return; format controls of no use in text. */
  private static final Pattern CONTROLS =
      Pattern.compile("[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f\\u206a-\\u206f\\ufeff\\ufff9-\\ufffc]");

  private static final int IDEOGRAPHIC_SPACE = 0x3000;
  private static final int FIRST_WIDTH_FORM = 0xff01;
  private static final int LAST_WIDTH_FORM = 0xffef;

  private static final Map<Integer, String> LIGATURES =
      Map.ofEntries(
          Map.entry(0x0132, "IJ"),
          Map.entry(0x0133, "ij"),
          Map.entry(0x0149, "\u02bcn"),
          Map.entry(0x01c4, "D\u017d"),
          Map.entry(0x01c5, "D\u017e"),
          Map.entry(0x01c6, "d\u017e"),
          Map.entry(0x01c7, "LJ"),
          Map.entry(0x01c8, "Lj"),
          Map.entry(0x01c9, "lj"),
          Map.entry(0x01ca, "NJ"),
          Map.entry(0x01cb, "Nj"),
          Map.entry(0x01cc, "nj"),
          Map.entry(0x01f1, "DZ"),
          Map.entry(0x01f2, "Dz"),
          Map.entry(0x01f3, "dz"),
          Map.entry(0xfb00, "ff"),
          Map.entry(0xfb01, "fi"),
          Map.entry(0xfb02, "fl"),
          Map.entry(0xfb03, "ffi"),
          Map.entry(0xfb04, "ffl"),
          Map.entry(0xfb05, "\u017ft"),
          Map.entry(0xfb06, "st"));

  private Typography() {}

  /** Applies all rules until none changes the text. */
  static String simplify(String text) {
    boolean resolveReferences = text.indexOf('<') < 0;
    String before;
    String after = text;
    do {
      before = after;
      after = simplifyOnce(resolveReferences ? resolveReferences(before) : before);
    } while (!after.equals(before));
    return after;
  }

  private static String resolveReferences(String text) {
    return HTML_REFERENCE
        .matcher(text)
        .replaceAll(
            reference -> Matcher.quoteReplacement(PromptText.unescapeHtml(reference.group())));
  }

  private static String simplifyOnce(String text) {
    String result = replaceCharacters(text);
    result = SINGLE_QUOTES.matcher(result).replaceAll("'");
    result = DOUBLE_QUOTES.matcher(result).replaceAll("\"");
    result = LINE_ENDS.matcher(result).replaceAll("\n");
    result = LONE_SURROGATES.matcher(result).replaceAll("\ufffd");
    result = TERMINAL_CODES.matcher(result).replaceAll("");
    result = CONTROLS.matcher(result).replaceAll("");
    return Normalizer.normalize(result, Normalizer.Form.NFC);
  }

  private static String replaceCharacters(String text) {
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints().forEach(c -> appendReplaced(c, result));
    return result.toString();
  }

  private static void appendReplaced(int codePoint, StringBuilder result) {
    String ligature = LIGATURES.get(codePoint);
    if (ligature != null) {
      result.append(ligature);
    } else if (codePoint == IDEOGRAPHIC_SPACE) {
      result.append(' ');
    } else if (codePoint >= FIRST_WIDTH_FORM && codePoint <= LAST_WIDTH_FORM) {
      result.append(Normalizer.normalize(Character.toString(codePoint), Normalizer.Form.NFKC));
    } else {
      result.appendCodePoint(codePoint);
    }
  }
}
