package dev.longtake.runtime.cuda;

/** Numbers that look random and can be had in any order: each is a hash of its index. */
final class Noise {
  private static final int FP8_CODES = 32;
  private static final int FP8_FIRST = 0x20; // 0.125, up to 1.875

  private final long seed;

  Noise(long seed) {
    this.seed = seed;
  }

  /** Returns a multiple of 1/128 in [-1, 1): a number that bf16 holds exactly. */
  float bf16(long index) {
    return (hash(index) >>> 56) / 128f - 1f;
  }

  /** Returns the bits of an e4m3 number between 0.125 and 1.875, of either sign. */
  byte fp8(long index) {
    long hash = hash(index);
    int code = FP8_FIRST + (int) ((hash >>> 40) & (FP8_CODES - 1));
    return (byte) (code | (hash < 0 ? 0x80 : 0));
  }

  /** Returns the number that {@link #fp8} encodes. */
  float fp8Value(long index) {
    int bits = fp8(index);
    int exponent = (bits >> 3 & 0xF) - 7;
    float magnitude = Math.scalb(1f + (bits & 7) / 8f, exponent);
    return bits < 0 ? -magnitude : magnitude;
  }

  /** Returns a positive factor between 0.5 and 1.5. */
  float factor(long index) {
    return 0.5f + (hash(index) >>> 40) * 0x1p-24f;
  }

  private long hash(long index) { // splitmix64
    long z = (index + seed * 0x5851F42D4C957F2DL) * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
