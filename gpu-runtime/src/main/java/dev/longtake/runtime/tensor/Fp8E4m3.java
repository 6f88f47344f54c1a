package dev.longtake.runtime.tensor;

/** Eight bits: 4 exponent bits, 3 mantissa bits, no infinities, largest value 448. */
public final class Fp8E4m3 {
  // Exponent biases 127 of fp32 and 7 of this type, as a difference in fp32's exponent field.
  private static final int REBIAS = 120 << 23;
  private static final int NAN = 0x7F;
  private static final int SMALLEST_NORMAL = 0x8;
  private static final float STEP_OF_SUBNORMALS = 0x1p-9f;

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
}
