package dev.longtake.runtime.model.wav2vec2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import org.junit.jupiter.api.Test;

class AudioNormalizerTest {
  @Test
  void dividesByThePopulationDeviation() {
    AudioNormalizer normalizer = AudioNormalizer.of(new float[] {1, 2, 3, 4});
    // mean 2.5, population variance 1.25; two fp32 roundings
    assertThat(normalizer.normalize(4)).isEqualTo((float) (1.5 / Math.sqrt(1.25)), offset(1e-6f));
  }

  @Test
  void turnsDigitalSilenceIntoZeros() {
    assertThat(AudioNormalizer.of(new float[1000]).normalize(0)).isZero();
  }

  @Test
  void refusesAPreprocessorThatDoesNotNormalize() {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("do_normalize", true).put("sampling_rate", 16_000);
    AudioNormalizer.requireSupported(json, "preprocessor_config.json");
    json.put("do_normalize", false);
    assertThatThrownBy(() -> AudioNormalizer.requireSupported(json, "preprocessor_config.json"))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
        .hasMessageContaining("do_normalize of preprocessor_config.json");
  }
}
