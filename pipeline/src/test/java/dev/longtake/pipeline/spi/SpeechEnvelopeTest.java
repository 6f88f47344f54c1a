package dev.longtake.pipeline.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpeechEnvelopeTest {
  @Test
  void cannotBeChangedThroughItsArrays() {
    float[] given = {0.25f, 0.5f};
    SpeechEnvelope speech = new SpeechEnvelope(1, given);

    given[0] = 1;
    speech.energy()[1] = 1;

    assertThat(speech.energy()).containsExactly(0.25f, 0.5f);
    assertThat(speech.energy(1)).isEqualTo(0.5f);
    assertThat(speech.windows()).isEqualTo(2);
    assertThat(speech.frames()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(floats = {-1e-9f, Float.NaN, Float.POSITIVE_INFINITY})
  void refusesWhatIsNoEnergyAndNamesTheWindow(float energy) {
    assertThatThrownBy(() -> new SpeechEnvelope(1, new float[] {0, energy}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("in window 1");
  }

  @Test
  void refusesToBeEmpty() {
    assertThatThrownBy(() -> new SpeechEnvelope(0, new float[1]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new SpeechEnvelope(1, new float[0]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
