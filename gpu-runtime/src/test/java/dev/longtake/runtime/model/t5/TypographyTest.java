package dev.longtake.runtime.model.t5;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TypographyTest {
  @ParameterizedTest(name = "{0} becomes {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          \u201cIt\u2019s\u201d         | "It's"
          \u2018a\u201b \u201eb\u201f   | 'a' "b"
          \u02bcn                       | 'n
          ＡＢＣ！，（１）                | ABC!,(1)
          一，二。                       | 一,二。
          ｶﾀｶﾅ                          | カタカナ
          a\u3000b                      | a b
          ﬁne eﬀect oﬃce                | fine effect office
          Ĳssel ǆep ŉ                   | IJssel džep 'n
          e\u0301                       | é
          a\u0007\u007f\ufeffb          | ab
          a \u001b[36;44mblue\u001b[0m  | a blue
          &rsquo;&amp;&eacute;          | '&é
          &amp;amp;lt;                  | <
          &nosuch; &eacute              | &nosuch; &eacute
          <b>&eacute;                   | <b>&eacute;
          """)
  void simplifies(String text, String expected) {
    assertThat(Typography.simplify(text)).isEqualTo(expected);
  }

  @Test
  void endsLinesInOneWay() {
    assertThat(Typography.simplify("a\r\nb\rc\u2028d\u2029e\u0085f\ng"))
        .isEqualTo("a\nb\nc\nd\ne\nf\ng");
  }

  @Test
  void replacesHalvesOfSurrogatePairs() {
    String pair = "\ud83d\ude00";
    assertThat(Typography.simplify("a\ud83db" + pair + "\ude00")).isEqualTo("a�b" + pair + "�");
  }

  @Test
  void doesNotRepairWronglyDecodedText() {
    assertThat(Typography.simplify("cafÃ©")).isEqualTo("cafÃ©");
  }
}
