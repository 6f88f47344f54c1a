package dev.longtake.runtime.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.tensor.Tensor;

/** Formulas in double precision, and comparison with what was computed in fp32. */
final class Exact {
  /** Half the distance between 1 and the next fp32 value: what one rounding may change. */
  static final double ROUNDING = 0x1p-24;

  /** How far {@code VectorMath} may be from the exact value, for values up to 1. */
  static final double ACTIVATION_LIMIT = 1e-6;

  private Exact() {}

  /** Returns an activation's exact value. */
  static double activation(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case SILU -> x / (1 + Math.exp(-x));
      case GELU_ERF -> x / 2 * (1 + erf(x / Math.sqrt(2)));
      case GELU_TANH ->
          x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    };
  }

  /**
   * Returns how far an fp32 activation of a value may be off: what the fp32 result's rounding
   * takes, and {@code VectorMath}'s own error. No activation is steeper than 1.2.
   *
   * @param limit how far the value itself may be off
   */
  static double activationLimit(Activation activation, double x, double limit) {
    return activation == Activation.NONE
        ? limit
        : 1.2 * limit + ACTIVATION_LIMIT * Math.max(1, Math.abs(activation(activation, x)));
  }

  /** Returns the error function, by a series without cancellation (Abramowitz, Stegun 7.1.6). */
  static double erf(double x) {
    if (Math.abs(x) > 6) {
      return Math.signum(x); // within 3e-17
    }
    double term = x;
    double sum = 0;
    for (int n = 0; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      sum += term;
      term *= 2 * x * x / (2 * n + 3);
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  /** Returns a tensor's values in double precision. */
  static double[] doubles(Tensor tensor) {
    float[] values = GuardedTensors.read(tensor);
    double[] widened = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      widened[i] = values[i];
    }
    return widened;
  }

  /** Asserts that every element has exactly its value. */
  static void assertExact(Tensor actual, double[] expected) {
    assertWithin(actual, expected, 0);
  }

  /** Asserts that no element is farther from its value than {@code limit}; a NaN is. */
  static void assertWithin(Tensor actual, double[] expected, double limit) {
    float[] values = GuardedTensors.read(actual);
    assertThat(values).hasSize(expected.length);
    for (int i = 0; i < values.length; i++) {
      assertWithin(i, values[i], expected[i], limit);
    }
  }

  /** As {@link #assertWithin(Tensor, double[], double)}, with a limit for each element. */
  static void assertWithin(Tensor actual, double[] expected, double[] limits) {
    float[] values = GuardedTensors.read(actual);
    assertThat(values).hasSize(expected.length);
    for (int i = 0; i < values.length; i++) {
      assertWithin(i, values[i], expected[i], limits[i]);
    }
  }

  private static void assertWithin(int index, float actual, double expected, double limit) {
    if (!(Math.abs(actual - expected) <= limit)) {
      fail(
          "element %d is %s, which is %.3g from %s: more than %.3g",
          index, actual, Math.abs(actual - expected), expected, limit);
    }
  }
}
