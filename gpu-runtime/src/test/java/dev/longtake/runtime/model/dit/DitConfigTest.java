package dev.longtake.runtime.model.dit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DitConfigTest {
  private static final Path CHECKPOINT = Path.of("src/test/resources/golden/small/ckpt");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Checkpoint checkpoint = Checkpoint.open(CHECKPOINT);
  private final ObjectNode json = (ObjectNode) checkpoint.ditConfig();

  @AfterEach
  void close() {
    checkpoint.close();
  }

  @Test
  void readsTheConfigAndTheTensorsShapes() {
    DitConfig config = read();
    assertThat(config.width()).isEqualTo(128);
    assertThat(config.heads()).isEqualTo(1);
    assertThat(config.headWidth()).isEqualTo(128);
    assertThat(config.layers()).isEqualTo(2);
    assertThat(config.ffnWidth()).isEqualTo(256);
    assertThat(config.latentChannels()).isEqualTo(16);
    assertThat(config.frequencyWidth()).isEqualTo(256);
    assertThat(config.textWidth()).isEqualTo(32);
    assertThat(config.textTokens()).isEqualTo(64);
    assertThat(config.audioWidth()).isEqualTo(32);
    assertThat(config.audioTokens()).isEqualTo(4);
    assertThat(config.audioLayers()).containsExactly(0, 1);
    assertThat(config.epsilon()).isEqualTo(1e-6f);
    assertThat(config.attentionScale()).isEqualTo((float) (1 / Math.sqrt(128)));
  }

  @Test
  void findsTheInjectorThatFollowsALayer() throws JsonProcessingException {
    set("num_layers", "9");
    set("audio_inject_layers", "[0, 4, 8]");
    DitConfig config = read();
    assertThat(config.injectorAfter(4)).isEqualTo(1);
    assertThat(config.injectorAfter(8)).isEqualTo(2);
    assertThat(config.injectorAfter(5)).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dim",
        "num_heads",
        "num_layers",
        "ffn_dim",
        "in_dim",
        "out_dim",
        "freq_dim",
        "text_len",
        "audio_dim",
        "num_audio_token"
      })
  void refusesAConfigWithoutAPositiveWholeNumber(String key) throws JsonProcessingException {
    for (String value :
        List.of("0", "-1", "1.5", "\"128\"", "null", "true", "[128]", "9999999999")) {
      set(key, value);
      assertRefused(key);
    }
    json.remove(key);
    assertRefused(key);
  }

  @ParameterizedTest
  @ValueSource(strings = {"enable_adain", "enable_framepack", "zero_timestep"})
  void refusesAConfigWithoutWhatLiveAvatarNeeds(String key) throws JsonProcessingException {
    set(key, "false");
    assertRefused(key);
    json.remove(key);
    assertRefused(key);
  }

  @ParameterizedTest
  @ValueSource(strings = {"enable_motioner", "enable_tsm"})
  void refusesAConfigWithWhatIsNotComputed(String key) throws JsonProcessingException {
    set(key, "true");
    assertRefused(key);
    json.remove(key);
    assertThat(read().width()).isEqualTo(128);
  }

  @Test
  void refusesAnotherKindOfAdain() throws JsonProcessingException {
    set("adain_mode", "\"norm\"");
    assertRefused("adain_mode", "norm");
  }

  @ParameterizedTest
  @CsvSource({
    "out_dim,32,in_dim",
    "num_heads,3,num_heads",
    "num_heads,128,dim/num_heads",
    "num_audio_token,3,num_audio_token",
  })
  void refusesNumbersThatDoNotFitEachOther(String key, String value, String named)
      throws JsonProcessingException {
    set(key, value);
    assertRefused(named, value.equals("128") ? "1" : value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[1, 0]", "[0, 0]", "[0, 2]", "[-1]", "[0.5]", "[\"1\"]", "[true]", "[null]", "3", "null"
      })
  void refusesAudioLayersThatAreNotAscendingLayers(String layers) throws JsonProcessingException {
    set("audio_inject_layers", layers);
    assertRefused("audio_inject_layers");
  }

  @Test
  void refusesAConfigWithoutAudioLayers() {
    json.remove("audio_inject_layers");
    assertRefused("audio_inject_layers");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"small\"", "0", "-1e-6", "null", "true"})
  void refusesAnEpsilonThatIsNoPositiveNumber(String epsilon) throws JsonProcessingException {
    set("eps", epsilon);
    assertRefused("eps");
  }

  private DitConfig read() {
    return DitConfig.of(json, checkpoint.dit());
  }

  private void set(String key, String value) throws JsonProcessingException {
    JsonNode node = JSON.readTree(value);
    json.set(key, node);
  }

  private void assertRefused(String... parts) {
    assertThatThrownBy(this::read)
        .as("config %s", json)
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
        .hasMessageContainingAll(parts);
  }
}
