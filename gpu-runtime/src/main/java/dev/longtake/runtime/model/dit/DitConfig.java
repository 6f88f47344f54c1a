package dev.longtake.runtime.model.dit;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.FormatMethod;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.TensorSource;
import java.util.ArrayList;
import java.util.List;

/**
 * The transformer's hyper-parameters.
 *
 * @param width channels of a token (E)
 * @param heads attention heads (N); divides {@code width}
 * @param layers transformer layers (L)
 * @param ffnWidth hidden channels of a feed-forward network
 * @param latentChannels channels of a latent cell, in and out
 * @param frequencyWidth channels of the sinusoidal timestep embedding
 * @param textWidth channels of the text encoder's results
 * @param textTokens rows that a prompt is padded to
 * @param audioWidth channels of the speech encoder's hidden states (A)
 * @param audioStates hidden states of the speech encoder that are mixed
 * @param audioTokens tokens a latent frame gets from its sound, the padding token not counted
 * @param audioLayers the layers that audio is injected after, ascending
 * @param epsilon added to variances
 */
public record DitConfig(
    int width,
    int heads,
    int layers,
    int ffnWidth,
    int latentChannels,
    int frequencyWidth,
    int textWidth,
    int textTokens,
    int audioWidth,
    int audioStates,
    int audioTokens,
    List<Integer> audioLayers,
    float epsilon) {
  /** Latent cells that make a token, in rows and in columns. */
  public static final int PATCH = 2;

  /** Latent frames that are denoised together. */
  public static final int BLOCK_FRAMES = 3;

  /** Motion latents that a take starts from: 73 video frames. */
  public static final int MOTION_FRAMES = 19;

  /** Vectors that modulate a layer: shift, scale and gate of attention, then of the FFN. */
  static final int MODULATIONS = 6;

  /** Epsilon of the AdaIN normalisation before an audio injection, as PyTorch's default. */
  static final float ADAIN_EPSILON = 1e-5f;

  /** Checks that the parts fit each other. */
  public DitConfig {
    audioLayers = List.copyOf(audioLayers);
    require(heads > 0 && width % heads == 0, "num_heads %s must divide dim %s", heads, width);
    require(width / heads % 2 == 0, "dim/num_heads must be even, but is %s", width / heads);
    require(layers > 0, "num_layers must be positive, but is %s", layers);
    require(width % audioTokens == 0, "num_audio_token %s must divide dim %s", audioTokens, width);
    for (int i = 0; i < audioLayers.size(); i++) {
      int layer = audioLayers.get(i);
      require(
          layer >= 0 && layer < layers && (i == 0 || audioLayers.get(i - 1) < layer),
          "audio_inject_layers must ascend within the %s layers, but are %s",
          layers,
          audioLayers);
    }
  }

  /**
   * Reads the configuration of a checkpoint; what {@code config.json} does not say comes from the
   * tensors' shapes.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if a key is missing, or asks for something that
   *     Live Avatar does not use and this class does not compute
   */
  public static DitConfig of(JsonNode config, TensorSource tensors) {
    requireTrue(config, "enable_adain");
    requireTrue(config, "enable_framepack");
    requireTrue(config, "zero_timestep");
    requireFalse(config, "enable_motioner");
    requireFalse(config, "enable_tsm");
    String adain = config.path("adain_mode").asText("attn_norm");
    require(adain.equals("attn_norm"), "adain_mode must be attn_norm, but is %s", adain);
    Shape text = tensors.tensor("text_embedding.0.weight").shape();
    Shape mix = tensors.tensor("casual_audio_encoder.weights").shape();
    require(text.rank() == 2, "text_embedding.0.weight must be [out, in], but is %s", text);
    require(mix.rank() == 4, "casual_audio_encoder.weights must be [1, n, 1, 1], but is %s", mix);
    List<Integer> audioLayers = new ArrayList<>();
    JsonNode listed = config.path("audio_inject_layers");
    require(listed.isArray(), "config.json must list audio_inject_layers, but has %s", listed);
    listed.forEach(layer -> audioLayers.add(layer.isInt() ? layer.intValue() : -1));
    int latentChannels = integer(config, "in_dim");
    require(
        integer(config, "out_dim") == latentChannels,
        "in_dim %s and out_dim %s must be equal",
        latentChannels,
        config.path("out_dim"));
    return new DitConfig(
        integer(config, "dim"),
        integer(config, "num_heads"),
        integer(config, "num_layers"),
        integer(config, "ffn_dim"),
        latentChannels,
        integer(config, "freq_dim"),
        text.extent(1),
        integer(config, "text_len"),
        integer(config, "audio_dim"),
        mix.extent(1),
        integer(config, "num_audio_token"),
        audioLayers,
        epsilon(config));
  }

  /** Returns the channels of one head (D). */
  public int headWidth() {
    return width / heads;
  }

  /** Returns the factor on q·k: 1/√D. */
  public float attentionScale() {
    return (float) (1 / Math.sqrt(headWidth()));
  }

  /** Returns which audio injector follows a layer, or -1 for none. */
  public int injectorAfter(int layer) {
    return audioLayers.indexOf(layer);
  }

  /** Returns how many audio injectors follow layers before this one. */
  int injectorsBefore(int layer) {
    return (int) audioLayers.stream().filter(other -> other < layer).count();
  }

  private static int integer(JsonNode config, String key) {
    JsonNode value = config.path(key);
    require(
        value.isInt() && value.intValue() > 0,
        "config.json must give %s as a positive integer, but has %s",
        key,
        value);
    return value.intValue();
  }

  private static float epsilon(JsonNode config) {
    if (!config.has("eps")) {
      return 1e-6f; // the official default
    }
    JsonNode value = config.path("eps");
    require(
        value.isNumber() && value.doubleValue() > 0,
        "config.json must give eps as a positive number, but has %s",
        value);
    return (float) value.doubleValue();
  }

  private static void requireTrue(JsonNode config, String key) {
    require(config.path(key).asBoolean(false), "config.json must set %s to true", key);
  }

  private static void requireFalse(JsonNode config, String key) {
    require(!config.path(key).asBoolean(false), "config.json must not set %s to true", key);
  }

  @FormatMethod
  private static void require(boolean holds, String message, Object... arguments) {
    if (!holds) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          message.formatted(arguments) + ". Is this a Wan2.2-S2V checkpoint?");
    }
  }
}
