package dev.longtake.transforms.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VideoTimingTest {
  @ParameterizedTest(name = "{0} samples are {1} frames")
  @CsvSource({
    "1, 1",
    "640, 1",
    "656, 1",
    "657, 2",
    "1280, 2", // the rest of 1 ms is ignored
    "6400, 10", // 0.4 s
    "116800, 183", // 7.3 s are 182.5 frames
    "976000, 1525", // 61 s
    "9600000, 15000", // 10 min
    "160001, 250", // 10 s at 44.1 kHz, resampled with a sample too many
  })
  void givesTheLastSoundAPicture(long samples, int frames) {
    assertThat(VideoTiming.framesOf(samples)).isEqualTo(frames);
  }

  @Test
  void staysWithinAFrameOfTheAudioWhateverAacAddsToIt() {
    double aacPadding = 1023.0 / 48_000;
    for (long samples = 1600; samples < 6400; samples++) {
      double video = VideoTiming.framesOf(samples) / (double) VideoTiming.FRAME_RATE_HZ;
      double audio = samples / (double) VideoTiming.SAMPLE_RATE_HZ;
      assertThat(Math.abs(video - audio)).as("%s samples", samples).isLessThan(0.04);
      assertThat(Math.abs(video - (audio + aacPadding))).as("%s", samples).isLessThan(0.04);
    }
  }

  @Test
  void refusesSpeechWithoutSamples() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VideoTiming.framesOf(0))
        .withMessageContaining("must be positive, but was 0");
  }
}
