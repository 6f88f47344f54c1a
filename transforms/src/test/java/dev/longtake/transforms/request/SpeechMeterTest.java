package dev.longtake.transforms.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.pipeline.spi.SpeechEnvelope;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpeechMeterTest {
  @Test
  void measuresEveryTenMilliseconds() {
    float[] samples = new float[16_000];
    for (int i = 160; i < 320; i++) {
      samples[i] = i % 2 == 0 ? 0.25f : -0.25f;
    }
    samples[15_999] = -0.8f;
    SpeechMeter meter = new SpeechMeter();
    meter.accept(samples, 0, samples.length);

    SpeechEnvelope speech = meter.envelope();
    assertThat(speech.frames()).isEqualTo(25);
    assertThat(speech.windows()).isEqualTo(100);
    assertThat(speech.energy(0)).isZero();
    assertThat(speech.energy(1)).isCloseTo(0.25f, within(1e-7f));
    assertThat(speech.energy(2)).isZero();
    assertThat(speech.energy(99)).isCloseTo((float) (0.8 / Math.sqrt(160)), within(1e-6f));
    assertThat(meter.peak()).isEqualTo(0.8f);
    assertThat(meter.samples()).isEqualTo(16_000);
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {1, 2, 3})
  void doesNotCareHowTheSpeechIsCutIntoChunks(long seed) {
    Random random = new Random(seed);
    float[] samples = new float[50_000 + random.nextInt(2_000_000)];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = random.nextFloat() - 0.5f;
    }
    SpeechMeter whole = new SpeechMeter();
    whole.accept(samples, 0, samples.length);
    SpeechMeter inChunks = new SpeechMeter();
    for (int at = 0; at < samples.length; ) {
      int count = Math.min(samples.length - at, random.nextInt(10_000));
      inChunks.accept(samples, at, count);
      at += count;
    }

    assertThat(inChunks.envelope().energy()).isEqualTo(whole.envelope().energy());
    assertThat(inChunks.envelope().windows()).isEqualTo((samples.length + 159) / 160);
    assertThat(inChunks.peak()).isEqualTo(whole.peak());
  }

  @Test
  void refusesWhatIsNoNumber() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SpeechMeter().accept(new float[] {0, Float.NaN}, 0, 2))
        .withMessageContaining("sample 1 is NaN");
  }
}
