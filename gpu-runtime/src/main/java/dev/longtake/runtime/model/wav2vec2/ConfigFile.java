package dev.longtake.runtime.model.wav2vec2;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Config.FeatureConv;
import java.util.ArrayList;
import java.util.List;

/**
 * A JSON file of a wav2vec2 directory: what is in it, and refusal of what the code does not do.
 *
 * @param file where the JSON comes from, for messages
 */
record ConfigFile(JsonNode json, String file) {
  /** Reads {@code config.json}. */
  Wav2Vec2Config read() {
    require("feat_extract_norm", "layer");
    require("do_stable_layer_norm", "true");
    require("conv_bias", "true");
    require("feat_extract_activation", "gelu");
    require("hidden_act", "gelu");
    if (json.has("add_adapter")) {
      require("add_adapter", "false");
    }
    if (json.has("position_embeddings_type")) {
      require("position_embeddings_type", "null");
    }
    try {
      return new Wav2Vec2Config(
          integer("hidden_size"),
          integer("num_hidden_layers"),
          integer("num_attention_heads"),
          integer("intermediate_size"),
          features(),
          integer("num_conv_pos_embeddings"),
          integer("num_conv_pos_embedding_groups"),
          (float) value("layer_norm_eps").asDouble());
    } catch (IllegalArgumentException e) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          "%s contradicts itself: %s. Use the file that came with the weights."
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /**
   * Checks a setting that the code takes for granted.
   *
   * @param expected the value as text
   * @throws LongtakeException INVALID_CHECKPOINT if it is missing or another
   */
  void require(String key, String expected) {
    String found = value(key).asText();
    if (!found.equals(expected)) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          "%s of %s must be %s, but is %s. Only the large, layer-normalised wav2vec2 is supported; "
                  .formatted(key, file, expected, found)
              + "use wav2vec2-large-xlsr-53-english or a model of its build.");
    }
  }

  private List<FeatureConv> features() {
    List<Integer> channels = integers("conv_dim");
    List<Integer> kernels = integers("conv_kernel");
    List<Integer> strides = integers("conv_stride");
    if (kernels.size() != channels.size() || strides.size() != channels.size()) {
      throw new IllegalArgumentException(
          "conv_dim, conv_kernel and conv_stride have %d, %d and %d entries"
              .formatted(channels.size(), kernels.size(), strides.size()));
    }
    List<FeatureConv> features = new ArrayList<>();
    for (int i = 0; i < channels.size(); i++) {
      features.add(new FeatureConv(channels.get(i), kernels.get(i), strides.get(i)));
    }
    return features;
  }

  private List<Integer> integers(String key) {
    List<Integer> integers = new ArrayList<>();
    value(key).forEach(element -> integers.add(integer(key, element)));
    return integers;
  }

  private int integer(String key) {
    return integer(key, value(key));
  }

  private static int integer(String key, JsonNode value) {
    if (!value.canConvertToInt() || !value.isIntegralNumber()) {
      throw new IllegalArgumentException(
          "%s must be made of integers, but has %s".formatted(key, value));
    }
    return value.intValue();
  }

  private JsonNode value(String key) {
    JsonNode value = json.get(key);
    if (value == null) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          "%s has no key %s. Use the file that came with the weights.".formatted(file, key));
    }
    return value;
  }
}
