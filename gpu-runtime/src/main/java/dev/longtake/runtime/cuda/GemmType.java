package dev.longtake.runtime.cuda;

/** The element types of a matrix product: of x and the weights, of the bias, and of the result. */
public enum GemmType {
  /** All fp32, without rounding to TF32. */
  FP32(CublasLtLibrary.R_32F, CublasLtLibrary.R_32F, 4, 4),
  /** All fp16; sums in fp32. What is too large for fp16 becomes infinite. */
  FP16(CublasLtLibrary.R_16F, CublasLtLibrary.R_16F, 2, 2),
  /** All bf16; sums in fp32. */
  BF16(CublasLtLibrary.R_16BF, CublasLtLibrary.R_16BF, 2, 2),
  /** bf16 with an fp32 bias and result. */
  BF16_TO_FP32(CublasLtLibrary.R_16BF, CublasLtLibrary.R_32F, 2, 4),
  /** fp8 e4m3 with a bf16 bias and result. Widths are multiples of 16. */
  FP8_TO_BF16(CublasLtLibrary.R_8F_E4M3, CublasLtLibrary.R_16BF, 1, 2),
  /**
   * As {@link #FP8_TO_BF16}, but sums stay in the tensor cores, which keep fewer bits. With scales
   * per row a sixth faster on an H200, and its error of 1.5e-5 (NMSE) for a sum of 13824 products
   * is small beside what quantising to fp8 costs.
   */
  FP8_FAST_SUMS(CublasLtLibrary.R_8F_E4M3, CublasLtLibrary.R_16BF, 1, 2);

  private final int inputCode;
  private final int resultCode;
  private final int inputBytes;
  private final int resultBytes;

  GemmType(int inputCode, int resultCode, int inputBytes, int resultBytes) {
    this.inputCode = inputCode;
    this.resultCode = resultCode;
    this.inputBytes = inputBytes;
    this.resultBytes = resultBytes;
  }

  /** Returns the library's number for the type of x and the weights. */
  int inputCode() {
    return inputCode;
  }

  /** Returns the library's number for the type of the bias and the result. */
  int resultCode() {
    return resultCode;
  }

  boolean isQuantised() {
    return this == FP8_TO_BF16 || this == FP8_FAST_SUMS;
  }

  int inputBytes() {
    return inputBytes;
  }

  int resultBytes() {
    return resultBytes;
  }
}
