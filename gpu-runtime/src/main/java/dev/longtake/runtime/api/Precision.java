package dev.longtake.runtime.api;

/** The number format that the transformer's weights and activations are kept in. */
public enum Precision {
  FP32,
  BF16,
  /** Linear layers in e4m3, everything else in bf16. */
  FP8
}
