package dev.longtake.transforms.request;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class BatchManifestTest {
  @Test
  void readsTheOfficialFile() throws IOException {
    Manifests read =
        Manifests.read(
            "/data/batch.json",
            """
            {
              "boy": {
                "prompt": "A boy talks.",
                "image": "pics/boy.png",
                "audio": "boy.wav",
                "num_clip": 5
              },
              "girl": {"prompt": "A girl talks.", "image": "/abs/girl.png", "audio": "girl.wav",
                       "num_clip": null}
            }
            """);

    assertThat(read.failures).isEmpty();
    assertThat(read.requests)
        .containsExactly(
            RenderRequest.builder()
                .setLine(2)
                .setSource(
                    "{\"id\":\"boy\",\"prompt\":\"A boy talks.\",\"image\":\"pics/boy.png\","
                        + "\"audio\":\"boy.wav\",\"numClip\":5}")
                .setId("boy")
                .setImage("/data/pics/boy.png")
                .setAudio("/data/boy.wav")
                .setPrompt("A boy talks.")
                .setSeed(420)
                .setClips(5)
                .build(),
            RenderRequest.builder()
                .setLine(8)
                .setSource(
                    "{\"id\":\"girl\",\"prompt\":\"A girl talks.\",\"image\":\"/abs/girl.png\","
                        + "\"audio\":\"girl.wav\",\"numClip\":null}")
                .setId("girl")
                .setImage("/abs/girl.png")
                .setAudio("/data/girl.wav")
                .setPrompt("A girl talks.")
                .setSeed(420)
                .build());
  }

  @Test
  void makesFileNamesOfUnsafeNames() throws IOException {
    String entry = ": {\"image\":\"i\",\"audio\":\"s\"}";
    Manifests read =
        Manifests.read(
            "batch.jsonl", "{\"a/b\"" + entry + ", \"a:b\"" + entry + ", \"ok\"" + entry + "}");

    assertThat(read.requests)
        .extracting(RenderRequest::getId)
        .containsExactly("_a_b-c14cddc0", "_a_b-6783a31e", "ok");
  }

  @Test
  void losesOnlyTheEntryThatIsWrong() throws IOException {
    Manifests read =
        Manifests.read(
            "batch.json",
            """
            {"a": {"image": "i", "audio": "s", "imagee": 1},
             "b": "nothing",
             "c": {"image": "i", "audio": "s"},
             "c": {"image": "i", "audio": "s"},
             "d": {"image": "i", "num_clip": 1}}
            """);

    assertThat(read.requests).extracting(RenderRequest::getLine).containsExactly(3);
    assertThat(read.faults())
        .containsExactly(
            "1 a UNKNOWN_KEY", "2 b NOT_AN_OBJECT", "4 c DUPLICATE_ID", "5 d MISSING_AUDIO");
  }

  @Test
  void isNotTakenForALineOfJson() throws IOException {
    assertThat(Manifests.read("m.json", "{\"id\":{},\"image\":\"i\",\"audio\":\"s\"}\n").faults())
        .containsExactly("1 null BAD_TYPE");
    assertThat(Manifests.read("m.json", "{\"name\":\"a\"}\n").faults())
        .containsExactly("1 null UNKNOWN_KEY");
  }

  @Test
  void refusesAFileThatIsBrokenBecauseTheRestCannotBeRead() {
    assertThatExceptionOfType(LongtakeException.class)
        .isThrownBy(() -> Manifests.read("b.json", "{\"a\": {\"image\": \"i\"},\n\n\"b\": {"))
        .withMessageContaining("is broken in line 3");
    assertThatExceptionOfType(LongtakeException.class)
        .isThrownBy(() -> Manifests.read("b.json", "{\"a\": {}}\n{\"b\": {}}"))
        .withMessageContaining("is broken in line 2: something follows the object");
    assertThatExceptionOfType(LongtakeException.class)
        .isThrownBy(
            () -> Manifests.read("b.json", "{\"a\": {\"image\": \"ä\"}}".getBytes(ISO_8859_1)))
        .withMessageContaining("not UTF-8");
  }
}
