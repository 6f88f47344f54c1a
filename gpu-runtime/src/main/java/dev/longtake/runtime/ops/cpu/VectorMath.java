package dev.longtake.runtime.ops.cpu;

import dev.longtake.runtime.ops.Activation;

/**
 * Transcendental functions over arrays, within about 1e-6 of the exact values.
 *
 * <p>They are made of additions and multiplications alone, which the JIT compiler turns into vector
 * instructions; taking a float's bits apart it does not.
 */
final class VectorMath {
  /** Arguments of the exponential function are limited to ± this; e⁻²⁴ is 4e-11. */
  private static final float LARGEST_EXPONENT = 24f;

  /**
   * What stands for factors below it where the other factor, limited to e⁻²⁴, should have become 0.
   */
  private static final float LOWEST_FACTOR = -100f;

  // eˣ = (e^(x/32))³²
  private static final float SHARE = 1f / 32;
  private static final float SQRT_2_OVER_PI = 0.7978845608f;
  private static final float GELU_CUBIC = 0.044715f;
  private static final float SQRT_HALF = 0.70710678f;

  private VectorMath() {}

  /** Replaces values by e to their power; powers beyond ±24 count as ±24. */
  static void exp(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      values[i] = exp(values[i]);
    }
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
      values[i] = Math.max(values[i], LOWEST_FACTOR) / (1f + exp(-values[i]));
    }
  }

  // (1 + tanh u)/2 is the logistic function of 2u.
  private static void geluTanh(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      float x = values[i];
      float u = SQRT_2_OVER_PI * (x + GELU_CUBIC * x * x * x);
      values[i] = Math.max(x, LOWEST_FACTOR) / (1f + exp(-2f * u));
    }
  }

  private static void geluErf(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      float x = values[i];
      float erf = erfOfMagnitude(Math.abs(x) * SQRT_HALF);
      // x·erf(x) is even, so the magnitude's will do.
      values[i] = 0.5f * x + 0.5f * Math.abs(x) * erf;
    }
  }

  /** Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: within 1.5e-7. */
  private static float erfOfMagnitude(float x) {
    float t = 1f / (1f + 0.3275911f * x);
    float polynomial =
        t
            * (0.254829592f
                + t
                    * (-0.284496736f
                        + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
    return 1f - polynomial * exp(-x * x);
  }

  private static float exp(float x) {
    float r = Math.max(-LARGEST_EXPONENT, Math.min(LARGEST_EXPONENT, x)) * SHARE;
    // Taylor series; |r| ≤ 3/4, so the first term left out is below 2e-8.
    float sum =
        1f
            + r
                * (1f
                    + r
                        * (1f / 2
                            + r
                                * (1f / 6
                                    + r
                                        * (1f / 24
                                            + r
                                                * (1f / 120
                                                    + r
                                                        * (1f / 720
                                                            + r
                                                                * (1f / 5040
                                                                    + r
                                                                        * (1f / 40320
                                                                            + r
                                                                                * (1f
                                                                                    / 362880)))))))));
    float square = sum * sum;
    square *= square;
    square *= square;
    square *= square;
    return square * square;
  }
}
