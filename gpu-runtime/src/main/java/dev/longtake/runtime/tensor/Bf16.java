package dev.longtake.runtime.tensor;

/** The upper half of fp32: 8 exponent bits, 7 mantissa bits. */
public final class Bf16 {
  private static final int QUIET_NAN = 0x40;

  private Bf16() {}

  /** Returns the value that 16 bits stand for; exact. */
  public static float fromBits(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Returns the bits of the nearest bf16, ties to even; what is too large becomes infinite. */
  public static short toBits(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | QUIET_NAN);
    }
    int odd = (bits >>> 16) & 1;
    return (short) ((bits + 0x7FFF + odd) >>> 16);
  }

  /** Returns the nearest value that bf16 can hold, ties to even. */
  public static float round(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = bits + 0x7FFF + ((bits >>> 16) & 1);
    if (Float.isNaN(value)) {
      rounded = bits | (QUIET_NAN << 16);
    }
    return Float.intBitsToFloat(rounded & 0xFFFF0000);
  }
}
