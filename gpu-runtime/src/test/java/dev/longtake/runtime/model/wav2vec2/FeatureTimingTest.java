package dev.longtake.runtime.model.wav2vec2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FeatureTimingTest {
  @ParameterizedTest(name = "{0} encoder frames make {1} features")
  @CsvSource({"2, 1", "49, 29", "50, 30", "78, 46", "99, 59", "499, 299", "2999, 1799"})
  void hasThirtyFeaturesASecond(int encoderFrames, int features) {
    assertThat(new FeatureTiming(encoderFrames).features()).isEqualTo(features);
  }

  @Test
  void alignsFirstAndLastAndIsLinearBetween() {
    FeatureTiming timing = new FeatureTiming(10);
    assertThat(timing.features()).isEqualTo(6);
    float[] ramp = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    float[] out = new float[6];
    for (int i = 0; i < out.length; i++) {
      timing.feature(ramp, 1, i, out, i);
    }
    // Every number and weight here is a multiple of a fifth; fp32 holds none of them exactly.
    float tolerance = 1e-6f;
    assertThat(out).containsExactly(new float[] {0, 1.8f, 3.6f, 5.4f, 7.2f, 9}, offset(tolerance));
  }

  @Test
  void givesTheFirstFrameWhenThereIsOneFeature() {
    float[] out = new float[2];
    new FeatureTiming(2).feature(new float[] {1, 2, 3, 4}, 2, 0, out, 0);
    assertThat(out).containsExactly(1, 2);
  }

  @Test
  void refusesASingleFrame() {
    assertThatThrownBy(() -> new FeatureTiming(1)).hasMessageContaining("at least 2");
  }
}
