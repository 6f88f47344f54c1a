package dev.longtake.runtime.engine;

/** A model whose parameters are kept, and read, separately from the others'. */
public enum ModelPart {
  /** The diffusion transformer. */
  TRANSFORMER,
  /** The video autoencoder. */
  VAE,
  /** The text encoder. */
  TEXT,
  /** The speech encoder. */
  SPEECH
}
