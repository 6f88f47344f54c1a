package dev.longtake.runtime.model.wav2vec2;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AudioBucketsGoldenTest {
  private static final Path BUNDLE = Path.of("src/test/resources/golden/small");
  private static final double FRAME_RATE_FPS = 25;

  @Test
  void givesTheOfficialClipsAndFeatures() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    int clipFrames =
        mapper.readTree(BUNDLE.resolve("bundle.json").toFile()).at("/config/frames").intValue();
    JsonNode cases = mapper.readTree(BUNDLE.resolve("golden/audio_buckets.json").toFile());
    assertThat(cases).isNotEmpty();
    for (JsonNode golden : cases) {
      AudioBuckets buckets =
          new AudioBuckets(golden.get("features").intValue(), clipFrames, FRAME_RATE_FPS);
      assertThat(buckets.clips()).as("%s", buckets).isEqualTo(golden.get("num_repeat").intValue());
      JsonNode indices = golden.get("indices");
      assertThat(buckets.frames()).as("%s", buckets).isEqualTo(indices.size());
      for (int frame = 0; frame < indices.size(); frame++) {
        assertThat(buckets.featureOf(frame))
            .as("frame %s of %s", frame, buckets)
            .isEqualTo(indices.get(frame).intValue());
      }
    }
  }
}
