package dev.longtake.runtime.cuda;

/** The fp32 factors that turn quantised inputs back into numbers. */
public enum GemmScales {
  /** None: the inputs are numbers. */
  NONE(0),
  /** One for all of x and one for all of the weights. */
  PER_TENSOR(0),
  /** One for each row of x and one for each row of the weights. */
  PER_ROW(3);

  private final int code;

  GemmScales(int code) {
    this.code = code;
  }

  /** Returns the library's number, CUBLASLT_MATMUL_MATRIX_SCALE_x. */
  int code() {
    return code;
  }
}
