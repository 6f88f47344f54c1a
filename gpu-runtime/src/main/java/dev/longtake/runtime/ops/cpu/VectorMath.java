package dev.longtake.runtime.ops.cpu;

import dev.longtake.runtime.ops.Activation;

/** Transcendental functions over arrays, to about 2 units in the last place of fp32. */
final class VectorMath {
  private static final float LOG2_E = 1.44269504f;
  // ln 2 in two parts, so that n·ln 2 is subtracted without rounding.
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;
  // Adding and taking away 1.5·2²³ rounds to an integer, whose bits are then the sum's low ones.
  private static final float ROUNDER = 12582912f;
  private static final int ROUNDER_BITS = 0x4B400000;
  private static final float LARGEST_EXPONENT = 88f;
  private static final float SQRT_2_OVER_PI = 0.7978845608f;
  private static final float GELU_CUBIC = 0.044715f;
  private static final float SQRT_HALF = 0.70710678f;

  private VectorMath() {}

  /** Returns eˣ; arguments beyond ±88 count as ±88. */
  static float exp(float x) {
    float clamped = Math.max(-LARGEST_EXPONENT, Math.min(LARGEST_EXPONENT, x));
    float rounded = clamped * LOG2_E + ROUNDER;
    float n = rounded - ROUNDER;
    float r = clamped - n * LN2_HIGH - n * LN2_LOW;
    // Taylor series of eʳ; |r| ≤ ln(2)/2, so the first term left out is below 2⁻²⁵.
    float series =
        1f
            + r
                * (1f
                    + r
                        * (1f / 2
                            + r * (1f / 6 + r * (1f / 24 + r * (1f / 120 + r * (1f / 720))))));
    int exponent = Float.floatToRawIntBits(rounded) - ROUNDER_BITS + 127;
    return series * Float.intBitsToFloat(exponent << 23);
  }

  /** Replaces the first {@code count} values by their activations. */
  static void activate(float[] values, int count, Activation activation) {
    switch (activation) {
      case NONE -> {}
      case SILU -> silu(values, count);
      case GELU_TANH -> geluTanh(values, count);
      case GELU_ERF -> geluErf(values, count);
    }
  }

  private static void silu(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      values[i] = values[i] / (1f + exp(-values[i]));
    }
  }

  // (1 + tanh u)/2 is the logistic function of 2u.
  private static void geluTanh(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      float x = values[i];
      float u = SQRT_2_OVER_PI * (x + GELU_CUBIC * x * x * x);
      values[i] = x / (1f + exp(-2f * u));
    }
  }

  private static void geluErf(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      float x = values[i];
      values[i] = 0.5f * x * (1f + erf(x * SQRT_HALF));
    }
  }

  /** Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: within 1.5e-7. */
  private static float erf(float x) {
    float magnitude = Math.abs(x);
    float t = 1f / (1f + 0.3275911f * magnitude);
    float polynomial =
        t
            * (0.254829592f
                + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
    float result = 1f - polynomial * exp(-magnitude * magnitude);
    return x < 0 ? -result : result;
  }
}
