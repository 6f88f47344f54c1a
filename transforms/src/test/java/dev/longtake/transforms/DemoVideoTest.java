package dev.longtake.transforms;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.testing.MouthOpening;
import dev.longtake.transforms.media.AudioReader;
import dev.longtake.transforms.media.VideoReader;
import dev.longtake.transforms.settings.EngineSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real engine: in a finished video of the demo model, the mouth follows the sound. */
class DemoVideoTest {
  private static final Path DEMO = Path.of("..", "examples", "demo").toAbsolutePath().normalize();
  private static final int SIDE = 128;
  private static final int FRAMES = 45 + 48;

  @TempDir private Path root;

  // The official code reaches 0.955 over five clips; 0.9 leaves room for noise and compression.
  @Test
  void mouthOpensWithTheSpeechOfTheVideo() throws IOException {
    Workshop workshop = new Workshop(root, EngineSource.ON_CLASS_PATH);
    workshop.manifest(
        List.of(
            "{\"id\":\"news\",\"image\":\"%s\",\"audio\":\"%s\"}"
                .formatted(
                    DEMO.resolve("pictures/face_1.png"), DEMO.resolve("speech/speech_en_us.wav"))));

    Workshop.Run run = workshop.run("--checkpoint=" + DEMO.resolve("checkpoint"), "--numClip=2");

    assertThat(run.deadLetters()).isEmpty();
    assertThat(run.result("news").path("frames").asInt()).isEqualTo(FRAMES);
    MouthOpening mouth = new MouthOpening(DEMO.resolve("pictures/faces.json"), "face_1");
    List<Double> measured = new ArrayList<>();
    VideoReader.decode(workshop.video("news"), (frame, rgb) -> measured.add(mouth.of(rgb, SIDE)));
    double[] opening = measured.stream().mapToDouble(Double::doubleValue).toArray();
    double[] heard = MouthOpening.envelope(AudioReader.readAll(workshop.video("news")));
    assertThat(opening).hasSize(FRAMES);
    double inStep = correlation(opening, heard, 0);
    assertThat(inStep).isGreaterThanOrEqualTo(0.9);
    for (int lag : new int[] {-3, -2, -1, 1, 2, 3}) {
      assertThat(correlation(opening, heard, lag)).as("lag %s", lag).isLessThan(inStep);
    }
  }

  private static double correlation(double[] opening, double[] heard, int lag) {
    return MouthOpening.correlation(opening, Arrays.copyOf(heard, FRAMES), lag);
  }
}
