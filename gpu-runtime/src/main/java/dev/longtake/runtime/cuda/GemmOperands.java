package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import org.jspecify.annotations.Nullable;

/**
 * The addresses of a matrix product, all row-major; fp8 must be aligned to 16 bytes, anything else
 * is faster if it is. Nothing overlaps {@code out}.
 *
 * @param x [rows, in]
 * @param xScale fp32, [1] or [rows], or null if the shape has no scales
 * @param weight [out, in]
 * @param weightScale fp32, [1] or [out], or null if the shape has no scales
 * @param bias [out], in the result's type, or null if the epilogue adds none
 * @param out [rows, out]
 */
public record GemmOperands(
    DeviceMemory x,
    @Nullable DeviceMemory xScale,
    DeviceMemory weight,
    @Nullable DeviceMemory weightScale,
    @Nullable DeviceMemory bias,
    DeviceMemory out) {
  /** What the fastest algorithms ask for. */
  static final int BEST_ALIGNMENT_BYTES = 16;

  /** Returns the operands of a product without scales. */
  public static GemmOperands of(
      DeviceMemory x, DeviceMemory weight, @Nullable DeviceMemory bias, DeviceMemory out) {
    return new GemmOperands(x, null, weight, null, bias, out);
  }

  /** Returns the power of two, up to 16, that all addresses are multiples of. */
  int alignmentBytes() {
    long bits = x.address() | weight.address() | out.address() | BEST_ALIGNMENT_BYTES;
    if (bias != null) {
      bits |= bias.address();
    }
    return (int) Long.lowestOneBit(bits);
  }

  /** Returns operands that all lie at one address, for asking what is possible there. */
  static GemmOperands at(long address, GemmShape shape) {
    DeviceMemory memory = new DeviceMemory(address, 0);
    DeviceMemory scale = shape.scales() == GemmScales.NONE ? null : memory;
    DeviceMemory bias = shape.epilogue().hasBias() ? memory : null;
    return new GemmOperands(memory, scale, memory, scale, bias, memory);
  }

  /**
   * Checks the lengths against a shape.
   *
   * @throws IllegalArgumentException naming the operand that does not fit
   */
  void require(GemmShape shape) {
    int rows = shape.rows();
    int in = shape.in();
    int width = shape.out();
    GemmType type = shape.type();
    requireBytes("x", x, (long) rows * in * type.inputBytes(), shape);
    requireBytes("weight", weight, (long) width * in * type.inputBytes(), shape);
    requireBytes("out", out, (long) rows * width * type.resultBytes(), shape);
    boolean biased = shape.epilogue().hasBias();
    requireBytes("bias", bias, biased ? (long) width * type.resultBytes() : 0, shape);
    requireBytes("xScale", xScale, scaleBytes(shape.scales(), rows), shape);
    requireBytes("weightScale", weightScale, scaleBytes(shape.scales(), width), shape);
  }

  private static long scaleBytes(GemmScales scales, int rows) {
    return switch (scales) {
      case NONE -> 0;
      case PER_TENSOR -> Float.BYTES;
      case PER_ROW -> (long) rows * Float.BYTES;
    };
  }

  private static void requireBytes(
      String name, @Nullable DeviceMemory memory, long bytes, GemmShape shape) {
    long found = memory == null ? 0 : memory.bytes();
    checkArgument(
        found == bytes, "%s must have %s bytes for %s, but has %s", name, bytes, shape, found);
  }
}
