package dev.longtake.runtime.ops.cpu;

/**
 * Sums over parts of arrays. Four partial sums run side by side: one alone would wait for every
 * addition before the next.
 */
final class Sums {
  private Sums() {}

  /** Returns the sum of {@code count} values. */
  static float of(float[] values, int start, int count) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int i = start;
    for (; i + 3 < start + count; i += 4) {
      a += values[i];
      b += values[i + 1];
      c += values[i + 2];
      d += values[i + 3];
    }
    for (; i < start + count; i++) {
      a += values[i];
    }
    return (a + b) + (c + d);
  }

  /** Returns the sum of {@code count} values' squares. */
  static float ofSquares(float[] values, int start, int count) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int i = start;
    for (; i + 3 < start + count; i += 4) {
      a += values[i] * values[i];
      b += values[i + 1] * values[i + 1];
      c += values[i + 2] * values[i + 2];
      d += values[i + 3] * values[i + 3];
    }
    for (; i < start + count; i++) {
      a += values[i] * values[i];
    }
    return (a + b) + (c + d);
  }
}
