package dev.longtake.runtime.ops.cpu;

import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/** The normalisations over the last dimension. */
final class Normalization {
  private static final float SMALLEST_NORM = 1e-12f;

  private final Rows rows;

  Normalization(Rows rows) {
    this.rows = rows;
  }

  void layerNorm(
      HostTensor x,
      float @Nullable [] weight,
      float @Nullable [] bias,
      float epsilon,
      HostTensor out) {
    int width = x.shape().extent(-1);
    rows.map(
        x,
        width,
        out,
        (values, firstRow, count, scratch) -> {
          for (int start = 0; start < count * width; start += width) {
            standardize(values, start, width, epsilon);
            if (weight != null) {
              multiply(values, start, weight, 0, width);
            }
            if (bias != null) {
              add(values, start, bias, 0, width);
            }
          }
        });
  }

  /** {@code gain} is 1 + scale; both have one row for every {@code groupRows} rows of x. */
  void layerNormModulated(
      HostTensor x, float[] gain, float[] shift, int groupRows, float epsilon, HostTensor out) {
    int width = x.shape().extent(-1);
    rows.map(
        x,
        width,
        out,
        (values, firstRow, count, scratch) -> {
          for (int i = 0; i < count; i++) {
            int group = (firstRow + i) / groupRows * width;
            standardize(values, i * width, width, epsilon);
            multiply(values, i * width, gain, group, width);
            add(values, i * width, shift, group, width);
          }
        });
  }

  void rmsNorm(HostTensor x, float[] weight, float epsilon, HostTensor out) {
    int width = x.shape().extent(-1);
    rows.map(
        x,
        width,
        out,
        (values, firstRow, count, scratch) -> {
          for (int start = 0; start < count * width; start += width) {
            float meanSquare = sumOfSquares(values, start, width) / width;
            scale(values, start, width, (float) (1 / Math.sqrt(meanSquare + epsilon)));
            multiply(values, start, weight, 0, width);
          }
        });
  }

  void channelNorm(HostTensor x, float[] gamma, Activation activation, HostTensor out) {
    int width = x.shape().extent(-1);
    float rootWidth = (float) Math.sqrt(width);
    rows.map(
        x,
        width,
        out,
        (values, firstRow, count, scratch) -> {
          for (int start = 0; start < count * width; start += width) {
            float norm = (float) Math.sqrt(sumOfSquares(values, start, width));
            scale(values, start, width, rootWidth / Math.max(norm, SMALLEST_NORM));
            multiply(values, start, gamma, 0, width);
          }
          VectorMath.activate(values, count * width, activation);
        });
  }

  private static void standardize(float[] values, int start, int width, float epsilon) {
    float mean = sum(values, start, width) / width;
    for (int i = start; i < start + width; i++) {
      values[i] -= mean;
    }
    float variance = sumOfSquares(values, start, width) / width;
    scale(values, start, width, (float) (1 / Math.sqrt(variance + epsilon)));
  }

  // Four sums side by side: one alone would wait for every addition before the next.
  private static float sum(float[] values, int start, int count) {
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

  private static float sumOfSquares(float[] values, int start, int count) {
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

  private static void scale(float[] values, int start, int count, float factor) {
    for (int i = start; i < start + count; i++) {
      values[i] *= factor;
    }
  }

  private static void multiply(float[] values, int start, float[] by, int byStart, int count) {
    for (int i = 0; i < count; i++) {
      values[start + i] *= by[byStart + i];
    }
  }

  private static void add(float[] values, int start, float[] addend, int addendStart, int count) {
    for (int i = 0; i < count; i++) {
      values[start + i] += addend[addendStart + i];
    }
  }
}
