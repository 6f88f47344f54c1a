package dev.longtake.runtime.ops;

/** An elementwise function. */
public enum Activation {
  /** x. */
  NONE,
  /** x / (1 + e⁻ˣ). */
  SILU,
  /** x·Φ(x), by the error function. */
  GELU_ERF,
  /** x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))). */
  GELU_TANH
}
