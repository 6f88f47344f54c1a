package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * What decides how out = epilogue(x·Wᵀ) is computed: everything but the addresses.
 *
 * @param rows rows of x and of the result
 * @param in columns of x and of the weights
 * @param out rows of the weights and columns of the result
 */
public record GemmShape(
    int rows, int in, int out, GemmType type, GemmScales scales, GemmEpilogue epilogue) {
  private static final int FP8_MULTIPLE = 16;

  /** Checks the extents, and that fp8 has scales and nothing else has. */
  public GemmShape {
    checkArgument(
        rows > 0 && in > 0 && out > 0, "not a product: %s rows, in %s, out %s", rows, in, out);
    boolean quantised = type.isQuantised();
    checkArgument(
        quantised == (scales != GemmScales.NONE), "%s does not go with scales %s", type, scales);
    checkArgument(
        !quantised || (in % FP8_MULTIPLE == 0 && out % FP8_MULTIPLE == 0),
        "fp8 needs widths that are multiples of %s, but in is %s and out is %s",
        FP8_MULTIPLE,
        in,
        out);
  }

  /** Returns the shape of a product of numbers that are not quantised. */
  public static GemmShape of(int rows, int in, int out, GemmType type, GemmEpilogue epilogue) {
    return new GemmShape(rows, in, out, type, GemmScales.NONE, epilogue);
  }

  /** Returns how many multiplications and additions the product takes. */
  public double flops() {
    return 2.0 * rows * in * out;
  }
}
