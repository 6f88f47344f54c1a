package dev.longtake.runtime.tools.verify;

import dev.longtake.runtime.api.Precision;
import java.io.PrintWriter;
import java.util.Locale;

/** Judges results, a line a case: {@code PASS|FAIL <case> <error> <limit>}. */
final class CaseLog {
  /** For what is computed on the host, in fp32: summation order is all that may differ. */
  static final double HOST_LIMIT = 1e-5;

  /** Share of values that may be more than one level off where fp rounding decides a level. */
  static final double LEVELS_LIMIT = 1e-3;

  private final PrintWriter out;
  private final Limits limits;
  private int passed;
  private int failed;

  CaseLog(PrintWriter out, Limits limits) {
    this.out = out;
    this.limits = limits;
  }

  int passed() {
    return passed;
  }

  int failed() {
    return failed;
  }

  /** Compares what was computed on the host by ‖actual − expected‖ / ‖expected‖. */
  void host(String name, float[] actual, float[] expected) {
    judge(name, relativeError(actual, expected), HOST_LIMIT);
  }

  /** Compares what a single module computed, likewise. */
  void module(String name, float[] actual, float[] expected) {
    judge(name, relativeError(actual, expected), limits.module());
  }

  /** Compares what a rollout goes through, likewise. */
  void forward(String name, float[] actual, float[] expected) {
    judge(name, relativeError(actual, expected), limits.forward());
  }

  /** Compares the latents that a rollout results in, likewise. */
  void rollout(String name, float[] actual, float[] expected) {
    judge(name, relativeError(actual, expected), limits.rollout());
  }

  /**
   * Compares the pixels of a rollout: level by level in fp32; else by ‖actual − expected‖ /
   * ‖expected‖, to which rounding to levels adds up to one level everywhere.
   */
  void video(byte[] actual, byte[] expected) {
    if (limits.precision() == Precision.FP32) {
      levels("video", actual, expected);
      return;
    }
    float[] values = unsigned(expected);
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    double oneLevel = 1 / Math.sqrt(squares / values.length);
    judge("video", relativeError(unsigned(actual), values), limits.rollout() + oneLevel);
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

  private static float[] unsigned(byte[] bytes) {
    float[] values = new float[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      values[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return values;
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
