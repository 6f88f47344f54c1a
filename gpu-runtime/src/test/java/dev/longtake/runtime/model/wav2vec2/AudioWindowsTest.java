package dev.longtake.runtime.model.wav2vec2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.InvalidRequestException;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Config.FeatureConv;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AudioWindowsTest {
  private static final int MINUTE_SAMPLES = 60 * FeatureTiming.SAMPLE_RATE_HZ;
  private static final int MARGIN_FRAMES = 500;

  private static final Wav2Vec2Config CONFIG =
      new Wav2Vec2Config(
          16,
          1,
          1,
          16,
          List.of(
              new FeatureConv(4, 10, 5),
              new FeatureConv(4, 3, 2),
              new FeatureConv(4, 3, 2),
              new FeatureConv(4, 3, 2),
              new FeatureConv(4, 3, 2),
              new FeatureConv(4, 2, 2),
              new FeatureConv(4, 2, 2)),
          128,
          16,
          1e-5f);

  @Test
  void encodesUpToAMinuteWhole() {
    AudioWindows windows = AudioWindows.of(CONFIG, MINUTE_SAMPLES);
    assertThat(windows).isEqualTo(AudioWindows.wholeFile(CONFIG, MINUTE_SAMPLES));
    assertThat(windows.frames()).isEqualTo(2999);
    assertThat(windows.windows())
        .containsExactly(new AudioWindows.Window(0, 2998 * 320 + 400, 0, 0, 2999));
  }

  @ParameterizedTest(name = "{0} samples")
  @ValueSource(
      ints = {
        MINUTE_SAMPLES + 80,
        MINUTE_SAMPLES + 12_345,
        2 * MINUTE_SAMPLES,
        10 * MINUTE_SAMPLES + 1,
        60 * MINUTE_SAMPLES + 399
      })
  void keepsEveryFrameOnceWithMarginsAround(int samples) {
    AudioWindows windows = AudioWindows.of(CONFIG, samples);
    assertThat(windows.windows()).hasSizeGreaterThan(1);
    int next = 0;
    for (AudioWindows.Window window : windows.windows()) {
      assertThat(window.firstFrame()).isEqualTo(next);
      next += window.frames();
      int encoded = CONFIG.frames(window.samples());
      assertThat(encoded).isLessThanOrEqualTo(CONFIG.frames(MINUTE_SAMPLES));
      // A window's frame is the file's frame: it begins at the same sample.
      int firstEncoded = window.firstFrame() - window.skippedFrames();
      assertThat(window.firstSample()).isEqualTo(firstEncoded * CONFIG.strideSamples());
      assertThat(window.skippedFrames()).isEqualTo(Math.min(window.firstFrame(), MARGIN_FRAMES));
      int after = encoded - window.skippedFrames() - window.frames();
      assertThat(after).isEqualTo(Math.min(windows.frames() - next, MARGIN_FRAMES));
      assertThat(window.firstSample() + window.samples()).isLessThanOrEqualTo(samples);
    }
    assertThat(next).isEqualTo(windows.frames()).isEqualTo(CONFIG.frames(samples));
  }

  @Test
  void refusesSpeechOfLessThanTwoFrames() {
    assertThat(AudioWindows.of(CONFIG, 720).frames()).isEqualTo(2);
    assertThatThrownBy(() -> AudioWindows.of(CONFIG, 719))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("719 samples")
        .hasMessageContaining("at least 720");
  }

  @Test
  void refusesMarginsThatLeaveNothing() {
    assertThatThrownBy(() -> AudioWindows.of(CONFIG, MINUTE_SAMPLES, 100, 50))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("100 frames");
  }
}
