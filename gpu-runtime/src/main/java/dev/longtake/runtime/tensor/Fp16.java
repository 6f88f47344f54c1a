package dev.longtake.runtime.tensor;

/** IEEE 754 binary16: 5 exponent bits, 10 mantissa bits, largest value 65504. */
public final class Fp16 {
  // Exponent biases 127 of fp32 and 15 of fp16, as a difference in fp32's exponent field.
  private static final int REBIAS = 112 << 23;
  private static final int FP32_INFINITY = 0x7F800000;
  private static final int INFINITY = 0x7C00;
  private static final int QUIET_NAN = 0x7E00;
  private static final int SMALLEST_NORMAL = 0x400;
  private static final float STEP_OF_SUBNORMALS = 0x1p-24f;
  // Halfway between 65504 and the next step, which would need one exponent more.
  private static final float ROUNDS_TO_INFINITY = 65520f;
  private static final float FIRST_NORMAL = 0x1p-14f;

  /** The largest finite value. */
  public static final float LARGEST = 65504;

  private Fp16() {}

  /** Returns the value that 16 bits stand for; exact. */
  public static float fromBits(short bits) {
    int sign = (bits & 0x8000) << 16;
    int magnitude = bits & 0x7FFF;
    if (magnitude >= INFINITY) {
      return Float.intBitsToFloat(sign | FP32_INFINITY | (magnitude << 13));
    }
    if (magnitude >= SMALLEST_NORMAL) {
      return Float.intBitsToFloat(sign | ((magnitude << 13) + REBIAS));
    }
    float subnormal = magnitude * STEP_OF_SUBNORMALS;
    return sign == 0 ? subnormal : -subnormal;
  }

  /** Returns the bits of the nearest fp16, ties to even; 65520 and above become infinite. */
  public static short toBits(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitudeBits = bits & 0x7FFFFFFF;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | QUIET_NAN);
    }
    if (magnitude >= ROUNDS_TO_INFINITY) {
      return (short) (sign | INFINITY);
    }
    if (magnitude < FIRST_NORMAL) {
      // From 0.5 to 1 fp32 has fp16's subnormal step of 2⁻²⁴, so this addition rounds to it.
      float rounded = magnitude + 0.5f;
      return (short) (sign | (Float.floatToRawIntBits(rounded) - Float.floatToRawIntBits(0.5f)));
    }
    int odd = (magnitudeBits >>> 13) & 1;
    return (short) (sign | ((magnitudeBits - REBIAS + 0xFFF + odd) >>> 13));
  }

  /** Returns the nearest value that fp16 can hold, ties to even. */
  public static float round(float value) {
    return fromBits(toBits(value));
  }
}
