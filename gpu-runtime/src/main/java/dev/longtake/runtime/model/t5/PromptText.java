package dev.longtake.runtime.model.t5;

import com.google.common.base.CharMatcher;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jsoup.parser.Parser;

/** Cleans a prompt before it is split into tokens. */
public final class PromptText {
  /**
   * What Python's {@code str.strip} and {@code \s} take for white space. Java's notions differ: one
   * lacks the no-break spaces, another the file, group, record and unit separators.
   */
  private static final CharMatcher WHITE_SPACE =
      CharMatcher.inRange('\t', '\r')
          .or(CharMatcher.inRange('\u001c', ' '))
          .or(CharMatcher.anyOf("\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000"))
          .or(CharMatcher.inRange('\u2000', '\u200a'))
          .precomputed();

  private static final Pattern NUMERIC_REFERENCE =
      Pattern.compile("&#(?:[xX]0*([0-9a-fA-F]+)|0*([0-9]+));?");

  private static final int LONGEST_CODE_POINT_DIGITS = 7;
  private static final int DELETE = 0x7f;
  private static final String REPLACEMENT = "\ufffd";

  private PromptText() {}

  /**
   * Cleans a prompt for rendering: first the typographic repairs of {@link Typography}, then {@link
   * #official}.
   *
   * <p>The official pipeline runs the library ftfy in place of the former. What ftfy does beyond it
   * is to guess that text was decoded with a wrong character set and to decode it again; that is
   * not done here, so such text reaches the model as it was written.
   */
  public static String clean(String prompt) {
    return official(Typography.simplify(prompt));
  }

  /**
   * Cleans a prompt by the rules that stored reference tokens were made with: HTML references are
   * resolved twice, every run of white space becomes one space, and none is left at either end.
   */
  public static String official(String prompt) {
    return WHITE_SPACE.trimAndCollapseFrom(unescapeHtml(unescapeHtml(prompt)), ' ');
  }

  /**
   * Resolves HTML character references once, as HTML 5 says and Python's {@code html.unescape}
   * does: the older names also without their semicolon, numbers of Windows-1252 controls as the
   * characters they were meant for, and unknown names not at all.
   */
  static String unescapeHtml(String text) {
    StringBuilder result = new StringBuilder(text.length());
    Matcher reference = NUMERIC_REFERENCE.matcher(text);
    int done = 0;
    while (reference.find()) {
      int codePoint = codePoint(reference);
      if (isForbidden(codePoint)) {
        // jsoup lets these through; as characters they would reach the tokenizer.
        result.append(Parser.unescapeEntities(text.substring(done, reference.start()), false));
        result.append(isReplaced(codePoint) ? REPLACEMENT : "");
        done = reference.end();
      }
    }
    return result.append(Parser.unescapeEntities(text.substring(done), false)).toString();
  }

  private static int codePoint(Matcher reference) {
    boolean hexadecimal = reference.group(1) != null;
    String digits = reference.group(hexadecimal ? 1 : 2);
    return digits.length() > LONGEST_CODE_POINT_DIGITS
        ? Integer.MAX_VALUE
        : Integer.parseInt(digits, hexadecimal ? 16 : 10);
  }

  private static boolean isForbidden(int codePoint) {
    return isReplaced(codePoint) || isDropped(codePoint);
  }

  private static boolean isReplaced(int codePoint) {
    return codePoint == 0
        || codePoint > Character.MAX_CODE_POINT
        || (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE);
  }

  private static boolean isDropped(int codePoint) {
    boolean control =
        (codePoint < ' ' && !CharMatcher.anyOf("\t\n\f\r").matches((char) codePoint))
            || codePoint == DELETE;
    boolean nonCharacter =
        (codePoint >= 0xfdd0 && codePoint <= 0xfdef) || (codePoint & 0xfffe) == 0xfffe;
    return control || nonCharacter;
  }
}
