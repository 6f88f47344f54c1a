package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.testing.MouthOpening;
import dev.longtake.runtime.tools.media.MediaFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The demo checkpoint means something: the mouth of the picture follows the speech. */
class DemoModelTest {
  private static final Path DEMO = Path.of("..", "examples", "demo");
  private static final int SIDE = 128;
  private static final int CLIPS = 4;
  private static final int FRAME_SAMPLES = 640;

  private static AvatarEngine engine;
  private static MouthOpening mouth;
  private static HostValues prompt;
  private static PictureLatents picture;
  private static double[] opening;
  private static TakeState afterTwoClips;
  private static int cut;

  @BeforeAll
  static void renderFirstFaceWithAmericanSpeech() throws IOException {
    EngineConfig config =
        EngineConfig.onCpu(DEMO.resolve("checkpoint").toString(), SIDE, SIDE, threads());
    mouth = new MouthOpening(DEMO.resolve("pictures/faces.json"), "face_1");
    engine = new LongtakeEngineProvider().open(config);
    prompt = engine.encodePrompt("A person speaks to the camera.");
    picture = engine.encodePicture(MediaFiles.readPicture(DEMO.resolve("pictures/face_1.png")));
    cut = 2 * config.clipFrames() - 3;
    double[] measured = new double[CLIPS * config.clipFrames()];
    HostValues audio = engine.encodeAudio(speech("speech_en_us.wav"), 0);
    try (TakeSession take = engine.open(TakeSpec.first(prompt, picture, audio, 0))) {
      for (int clip = 0; clip < CLIPS; clip++) {
        take.renderClip((frame, rgb) -> measured[frame] = mouth.of(rgb, SIDE));
        if (clip == 1) {
          afterTwoClips = take.state(cut);
        }
      }
      opening = Arrays.copyOf(measured, take.frames());
    }
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  // The official code reaches 0.955 with this pair; 0.9 leaves room for other noise.
  @Test
  void mouthOpensWithTheSpeech() {
    assertThat(correlation("speech_en_us.wav", 0)).isGreaterThan(0.9);
  }

  @Test
  void mouthIsNeitherAheadNorBehind() {
    double inStep = correlation("speech_en_us.wav", 0);
    for (int lag : new int[] {-3, -2, -1, 1, 2, 3}) {
      assertThat(correlation("speech_en_us.wav", lag)).as("lag " + lag).isLessThan(inStep);
    }
  }

  // All sentences begin with silence, so that unrelated ones reach 0.3 with each other.
  @Test
  void mouthDoesNotFollowAnotherSentence() {
    for (int lag = -3; lag <= 3; lag++) {
      assertThat(correlation("speech_de.wav", lag)).as("lag " + lag).isLessThan(0.4);
    }
  }

  @Test
  void mouthOpensInATakeThatGoesOnFromAnother() {
    float[] speech = speech("speech_en_us.wav");
    float[] rest = Arrays.copyOfRange(speech, cut * FRAME_SAMPLES, speech.length);
    HostValues audio = engine.encodeAudio(rest, 0);
    double[] second = new double[engine.config().clipFrames() - 3];
    try (TakeSession take =
        engine.open(new TakeSpec(prompt, picture, audio, afterTwoClips, 0, 1))) {
      take.renderClip((frame, rgb) -> second[frame] = mouth.of(rgb, SIDE));
    }

    double[] envelope = Arrays.copyOfRange(MouthOpening.envelope(speech), cut, cut + second.length);
    // 0.92 measured; 0.44 if the transformer saw moving frames, which it has not learned from.
    assertThat(MouthOpening.correlation(second, envelope, 0)).isGreaterThan(0.9);
  }

  private static double correlation(String file, int lag) {
    return MouthOpening.correlation(opening, MouthOpening.envelope(speech(file)), lag);
  }

  private static float[] speech(String file) {
    return MediaFiles.readSpeech(DEMO.resolve("speech").resolve(file));
  }

  private static int threads() {
    return Runtime.getRuntime().availableProcessors();
  }
}
