package dev.longtake.runtime.model.t5;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptTextTest {
  @ParameterizedTest(name = "{0} becomes {1}")
  @CsvSource(
      textBlock =
          """
          &amp;amp;,        '&amp;'
          &eacute;,         'é'
          &eacute,          'é'
          &#8217;,          '\u2019'
          &#x2019;,         '\u2019'
          a&nbspb,          'a\u00a0b'
          AT&T,             'AT&T'
          R&D;,             'R&D;'
          &unknown;,        '&unknown;'
          &notit;,          '\u00acit;'
          &copy2024,        '\u00a92024'
          &#150;,           '\u2013'
          &#65x,            'Ax'
          a&#0;b,           'a\ufffdb'
          a&#xD800;b,       'a\ufffdb'
          a&#99999999999;b, 'a\ufffdb'
          a&#1;b,           'ab'
          a&#x7f;b,         'ab'
          a&#xfdd0;b,       'ab'
          a&#10;b,          'a\nb'
          """)
  void resolvesReferencesLikePython(String text, String expected) {
    assertThat(PromptText.unescapeHtml(text)).isEqualTo(expected);
  }

  @Test
  void resolvesReferencesTwiceAndNoMore() {
    assertThat(PromptText.official("a &amp;amp; b &amp;amp;amp; c")).isEqualTo("a & b &amp; c");
  }

  @Test
  void turnsEveryRunOfWhiteSpaceIntoOneSpace() {
    assertThat(PromptText.official("  The   teacher\n explains \t\u3000calm!\u00a0\u2003 "))
        .isEqualTo("The teacher explains calm!");
  }

  @Test
  void takesForWhiteSpaceWhatPythonDoes() {
    String python =
        "\t\n\u000b\f\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004"
            + "\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";
    for (int c = 0; c <= Character.MAX_VALUE; c++) {
      String expected = python.indexOf(c) >= 0 ? "a b" : "a" + (char) c + "b";
      assertThat(PromptText.official("a" + (char) c + "b")).as("U+%04X", c).isEqualTo(expected);
    }
  }

  @Test
  void keepsTypographyWhenOfficial() {
    assertThat(PromptText.official("\u201cﬁne\u201d，")).isEqualTo("\u201cﬁne\u201d，");
  }

  @Test
  void rendersPlainTextUnchanged() {
    String plain = "A person speaks — 100% calm, in a bright studio; naïve café, Straße.";
    assertThat(PromptText.clean(plain)).isEqualTo(plain);
  }
}
