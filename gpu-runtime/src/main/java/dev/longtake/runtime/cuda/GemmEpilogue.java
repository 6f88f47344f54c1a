package dev.longtake.runtime.cuda;

/** What is done to x·Wᵀ before it is stored. */
public enum GemmEpilogue {
  /** Nothing. */
  NONE(1),
  /** Adds a bias, one value a column. */
  BIAS(4),
  /** Applies GELU in its tanh approximation. */
  GELU_TANH(32),
  /** Adds a bias, then applies GELU in its tanh approximation. */
  BIAS_GELU_TANH(32 | 4);

  private final int code;

  GemmEpilogue(int code) {
    this.code = code;
  }

  /** Returns the library's number, CUBLASLT_EPILOGUE_x. */
  int code() {
    return code;
  }

  boolean hasBias() {
    return this == BIAS || this == BIAS_GELU_TANH;
  }
}
