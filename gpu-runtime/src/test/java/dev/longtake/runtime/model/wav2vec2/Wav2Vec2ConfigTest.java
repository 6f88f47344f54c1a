package dev.longtake.runtime.model.wav2vec2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Wav2Vec2ConfigTest {
  private static final String FILE = "config.json";

  private static ObjectNode large() throws IOException {
    return (ObjectNode)
        new ObjectMapper()
            .readTree(
                """
                {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
                 "intermediate_size": 4096, "layer_norm_eps": 1e-5,
                 "conv_dim": [512, 512, 512, 512, 512, 512, 512],
                 "conv_kernel": [10, 3, 3, 3, 3, 2, 2], "conv_stride": [5, 2, 2, 2, 2, 2, 2],
                 "num_conv_pos_embeddings": 128, "num_conv_pos_embedding_groups": 16,
                 "feat_extract_norm": "layer", "do_stable_layer_norm": true, "conv_bias": true,
                 "feat_extract_activation": "gelu", "hidden_act": "gelu", "add_adapter": false}
                """);
  }

  @ParameterizedTest(name = "{0} samples make {1} frames")
  @CsvSource({"399, 0", "400, 1", "719, 1", "720, 2", "16000, 49", "160000, 499", "960000, 2999"})
  void countsFramesLikeTheConvolutions(int samples, int frames) throws IOException {
    Wav2Vec2Config config = Wav2Vec2Config.of(large(), FILE);
    assertThat(config.strideSamples()).isEqualTo(320);
    assertThat(config.fieldSamples()).isEqualTo(400);
    assertThat(config.frames(samples)).isEqualTo(frames);
    assertThat(config.headWidth()).isEqualTo(64);
  }

  @ParameterizedTest(name = "{0} = {1}")
  @CsvSource({
    "feat_extract_norm, group",
    "do_stable_layer_norm, false",
    "conv_bias, false",
    "feat_extract_activation, relu",
    "hidden_act, gelu_new",
    "add_adapter, true"
  })
  void refusesWhatItDoesNotCompute(String key, String value) throws IOException {
    ObjectNode json = large().put(key, value);
    assertThatThrownBy(() -> Wav2Vec2Config.of(json, FILE))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
        .hasMessageContaining(key + " of config.json")
        .hasMessageContaining("is " + value);
  }

  @Test
  void namesAMissingKey() throws IOException {
    ObjectNode json = large();
    json.remove("intermediate_size");
    assertThatThrownBy(() -> Wav2Vec2Config.of(json, FILE))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("config.json has no key intermediate_size");
  }

  @Test
  void refusesListsOfDifferentLengths() throws IOException {
    ObjectNode json = large();
    json.withArray("conv_stride").remove(0);
    assertThatThrownBy(() -> Wav2Vec2Config.of(json, FILE))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("7, 7 and 6 entries");
  }
}
