package dev.longtake.transforms.request;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeNamesTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"a", "Lesson 1", "übung-1.final", "第一课", "a#b%20c", "-x", "console", "x=1,y=2"})
  void acceptsOrdinaryNames(String name) {
    assertThat(SafeNames.objection(name)).isEmpty();
    assertThat(SafeNames.sanitised(name)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "/", "a/b", "a\\b", ".", "..", ".a", "a..b", "a\u0000b", "a\nb", "a\u007fb", "a:b",
        "a*", "a?", "a[1]", "{a}", "<a>", "a|b", "a\"b", " a", "a ", "a.", "CON", "nul.txt", "lpt1",
        "a\u202eb", "a\u2028b", "a\ud800b"
      })
  void refusesNamesThatAreNoFilesOrLeaveTheirDirectory(String name) {
    assertThat(SafeNames.objection(name)).isPresent();
    assertThat(SafeNames.objection(SafeNames.sanitised(name))).isEmpty();
  }

  @ParameterizedTest(name = "{0} bytes too many")
  @ValueSource(ints = {0, 1})
  void countsBytesAndNotCharacters(int tooMany) {
    String name = "ü".repeat(100) + "x".repeat(tooMany);
    assertThat(SafeNames.objection(name).isPresent()).isEqualTo(tooMany > 0);
    assertThat(SafeNames.sanitised(name).getBytes(UTF_8).length).isLessThanOrEqualTo(200);
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {1, 2, 3, 4})
  void keepsEveryNameInItsDirectory(long seed) {
    Random random = new Random(seed);
    String alphabet = "./\\ a\u0000:Ü\uD83D\uDE00..%~";
    Path directory = Path.of("/out");
    for (int round = 0; round < 5000; round++) {
      StringBuilder name = new StringBuilder();
      for (int i = random.nextInt(12); i >= 0; i--) {
        name.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      String written = name.toString();
      String safe = SafeNames.sanitised(written);
      assertThat(SafeNames.objection(safe)).isEmpty();
      assertThat(directory.resolve(safe).normalize().getParent()).isEqualTo(directory);
      if (SafeNames.outputObjection(written + ".mp4").isEmpty()) {
        Path output = directory.resolve(written + ".mp4");
        assertThat(output.normalize()).isEqualTo(output).startsWithRaw(directory);
      }
    }
  }
}
