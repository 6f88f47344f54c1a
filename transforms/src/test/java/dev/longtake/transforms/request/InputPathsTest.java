package dev.longtake.transforms.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InputPathsTest {
  @ParameterizedTest(name = "{1} in {0} is {2}")
  @CsvSource({
    "m.jsonl, a.png, a.png",
    "m.jsonl, ./a.png, a.png",
    "d/m.jsonl, ../a.png, d/../a.png",
    "/d/m.jsonl, x/a b.png, /d/x/a b.png",
    "/d/m.jsonl, 12:30.wav, /d/12:30.wav",
    "/d/m.jsonl, /e/a.png, /e/a.png",
    "/d/m.jsonl, file:///e/a.png, file:///e/a.png",
    "/d/m.jsonl, gs://b/a.png, gs://b/a.png",
    "/d/m.jsonl, s3://b/a.png, s3://b/a.png",
    "file:///d/m.jsonl, a%20b.png, file:///d/a%20b.png",
    "gs://b/m.jsonl, a.png, gs://b/a.png",
    "gs://b/d/e/m.jsonl, ../x/./a.png, gs://b/d/x/a.png",
    "gs://b/d/m.jsonl, /e/a.png, /e/a.png",
  })
  void resolvesAgainstTheManifest(String manifest, String path, String expected)
      throws RequestFaultException {
    assertThat(new InputPaths(manifest).resolve(Column.IMAGE, path)).isEqualTo(expected);
  }

  @Test
  void refusesToLeaveABucket() {
    assertThatExceptionOfType(RequestFaultException.class)
        .isThrownBy(() -> new InputPaths("gs://b/d/m.jsonl").resolve(Column.AUDIO, "../../a.wav"))
        .withMessage("The audio '../../a.wav' cannot be read: it leaves the manifest's bucket.");
  }
}
