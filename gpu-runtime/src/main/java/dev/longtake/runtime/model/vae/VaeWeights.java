package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.weights.WeightReader;

/** The weights of a video autoencoder. Immutable; shared by all videos that are in progress. */
public final class VaeWeights {
  /** Two residual layers and one that halves; the last level ends without. */
  private static final int ENCODER_LAYERS_PER_LEVEL = 3;

  private final VaeConfig config;
  private final EncoderWeights encoder;
  private final DecoderWeights decoder;

  private VaeWeights(VaeConfig config, EncoderWeights encoder, DecoderWeights decoder) {
    this.config = config;
    this.encoder = encoder;
    this.decoder = decoder;
  }

  /**
   * Reads both halves. The tensors belong to the reader's arena.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if a tensor is missing or has another shape
   */
  public static VaeWeights read(WeightReader reader, VaeConfig config) {
    return new VaeWeights(
        config, EncoderWeights.read(reader, config), DecoderWeights.read(reader, config));
  }

  /** Returns the sizes. */
  public VaeConfig config() {
    return config;
  }

  EncoderWeights encoder() {
    return encoder;
  }

  DecoderWeights decoder() {
    return decoder;
  }

  /** Returns the index of a level's first layer in {@code encoder.downsamples}. */
  static int firstEncoderLayer(int level) {
    return level * ENCODER_LAYERS_PER_LEVEL;
  }
}
