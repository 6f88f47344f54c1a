package dev.longtake.runtime.tools.verify;

import java.io.PrintWriter;
import java.util.Locale;

/** Judges results, a line a case: {@code PASS|FAIL <case> <error> <limit>}. */
final class CaseLog {
  /** For single modules in fp32: summation order is all that may differ. */
  static final double MODULE_LIMIT = 1e-5;

  /** For whole forwards and rollouts in fp32, whose rounding errors add up. */
  static final double ROLLOUT_LIMIT = 1e-4;

  /** Share of values that may be more than one level off where fp rounding decides a level. */
  static final double LEVELS_LIMIT = 1e-3;

  private final PrintWriter out;
  private int passed;
  private int failed;

  CaseLog(PrintWriter out) {
    this.out = out;
  }

  int passed() {
    return passed;
  }

  int failed() {
    return failed;
  }

  /** Compares by ‖actual − expected‖ / ‖expected‖. */
  void relative(String name, float[] actual, float[] expected, double limit) {
    judge(name, relativeError(actual, expected), limit);
  }

  /** Compares integers; the error is how many differ. */
  void exact(String name, int[] actual, int[] expected) {
    int differing = Math.abs(actual.length - expected.length);
    for (int i = 0; i < Math.min(actual.length, expected.length); i++) {
      differing += actual[i] == expected[i] ? 0 : 1;
    }
    judge(name, differing, 0);
  }

  /** Compares 8-bit levels; the error is the share that is more than one off. */
  void levels(String name, byte[] actual, byte[] expected) {
    if (actual.length != expected.length) {
      judge(name, Double.NaN, LEVELS_LIMIT);
      return;
    }
    long off = 0;
    for (int i = 0; i < actual.length; i++) {
      int distance = Byte.toUnsignedInt(actual[i]) - Byte.toUnsignedInt(expected[i]);
      off += Math.abs(distance) > 1 ? 1 : 0;
    }
    judge(name, off / (double) actual.length, LEVELS_LIMIT);
  }

  /** Records a case that could not be computed. */
  void broken(String name, Exception cause) {
    failed++;
    out.printf(Locale.ROOT, "FAIL %s not computed: %s%n", name, cause.getMessage());
    out.flush();
  }

  private void judge(String name, double error, double limit) {
    boolean passes = error <= limit; // false for NaN
    passed += passes ? 1 : 0;
    failed += passes ? 0 : 1;
    out.printf(Locale.ROOT, "%s %s %.3g %.3g%n", passes ? "PASS" : "FAIL", name, error, limit);
    out.flush();
  }

  /** Returns NaN if the lengths differ, or if either side has a NaN. */
  static double relativeError(float[] actual, float[] expected) {
    if (actual.length != expected.length) {
      return Double.NaN;
    }
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < actual.length; i++) {
      double delta = (double) actual[i] - expected[i];
      difference += delta * delta;
      norm += (double) expected[i] * expected[i];
    }
    return difference == 0 ? 0 : Math.sqrt(difference / norm);
  }
}
