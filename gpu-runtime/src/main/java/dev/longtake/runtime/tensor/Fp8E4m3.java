package dev.longtake.runtime.tensor;

/** Eight bits: 4 exponent bits, 3 mantissa bits, no infinities, largest value 448. */
public final class Fp8E4m3 {
  // Exponent biases 127 of fp32 and 7 of this type, as a difference in fp32's exponent field.
  private static final int REBIAS = 120 << 23;
  private static final int NAN = 0x7F;
  private static final int SMALLEST_NORMAL = 0x8;
  private static final float STEP_OF_SUBNORMALS = 0x1p-9f;
  private static final float FIRST_NORMAL = 0x1p-6f;
  private static final int LARGEST_BITS = 0x7E;
  private static final int DROPPED_BITS = 20;

  /** The largest value. */
  public static final float LARGEST = 448;

  private Fp8E4m3() {}

  /** Returns the value that 8 bits stand for; exact. */
  public static float fromBits(byte bits) {
    int magnitudeBits = bits & 0x7F;
    if (magnitudeBits == NAN) {
      return Float.NaN;
    }
    float magnitude =
        magnitudeBits >= SMALLEST_NORMAL
            ? Float.intBitsToFloat((magnitudeBits << 20) + REBIAS)
            : magnitudeBits * STEP_OF_SUBNORMALS;
    return bits < 0 ? -magnitude : magnitude;
  }

  /** Returns the bits of the nearest value, ties to even; what is larger becomes the largest. */
  public static byte toBits(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 24) & 0x80;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (byte) (sign | NAN);
    }
    if (magnitude >= LARGEST) {
      return (byte) (sign | LARGEST_BITS);
    }
    if (magnitude < FIRST_NORMAL) {
      // From 2¹⁴ to 2¹⁵ fp32 has the subnormals' step of 2⁻⁹, so this addition rounds to it.
      float rounded = magnitude + 0x1p14f;
      return (byte) (sign | (Float.floatToRawIntBits(rounded) - Float.floatToRawIntBits(0x1p14f)));
    }
    int magnitudeBits = bits & 0x7FFFFFFF;
    int odd = (magnitudeBits >>> DROPPED_BITS) & 1;
    int half = (1 << (DROPPED_BITS - 1)) - 1;
    return (byte) (sign | ((magnitudeBits - REBIAS + half + odd) >>> DROPPED_BITS));
  }
}
