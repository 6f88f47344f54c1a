package dev.longtake.runtime.model.wav2vec2;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AudioBucketsTest {
  @Test
  void addsAClipEvenToAnExactMultiple() {
    assertThat(new AudioBuckets(287, 48, 25).clips()).isEqualTo(5);
    assertThat(new AudioBuckets(288, 48, 25).clips()).isEqualTo(6);
    assertThat(new AudioBuckets(1, 48, 25).clips()).isEqualTo(1);
  }

  @Test
  void takesTheNearestFeature() {
    AudioBuckets buckets = new AudioBuckets(100, 12, 25);
    for (int k = 0; k < 250_000; k++) {
      assertThat(buckets.featureOf(k)).isEqualTo((int) ((12L * k + 5) / 10));
    }
  }

  @Test
  void settlesTiesForTheEvenFeature() {
    AudioBuckets buckets = new AudioBuckets(100, 12, 20);
    assertThat(buckets.featureOf(1)).isEqualTo(2); // 1.5
    assertThat(buckets.featureOf(3)).isEqualTo(4); // 4.5
  }

  @Test
  void fillsFramesBeyondTheLastFeatureWithZeros() {
    FeatureTiming timing = new FeatureTiming(10); // 6 features, 0 to 9 in steps of 1.8
    float[] ramp = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    AudioBuckets buckets = new AudioBuckets(timing.features(), 4, 30);
    float[] out = {-1, -1, -1, -1};
    buckets.select(timing, ramp, 1, 4, 4, out);
    assertThat(out[0]).isNotZero();
    assertThat(out[1]).isEqualTo(9);
    assertThat(out[2]).isZero();
    assertThat(out[3]).isZero();
  }
}
