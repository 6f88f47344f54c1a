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
            float meanSquare = Sums.ofSquares(values, start, width) / width;
            float factor = (float) (1 / Math.sqrt(meanSquare + epsilon));
            scaleAndMultiply(values, start, factor, weight, width);
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
            float norm = (float) Math.sqrt(Sums.ofSquares(values, start, width));
            float factor = rootWidth / Math.max(norm, SMALLEST_NORM);
            scaleAndMultiply(values, start, factor, gamma, width);
          }
          VectorMath.activate(values, count * width, activation);
        });
  }

  private static void standardize(float[] values, int start, int width, float epsilon) {
    float mean = Sums.of(values, start, width) / width;
    for (int i = start; i < start + width; i++) {
      values[i] -= mean;
    }
    float variance = Sums.ofSquares(values, start, width) / width;
    scale(values, start, width, (float) (1 / Math.sqrt(variance + epsilon)));
  }

  private static void scale(float[] values, int start, int count, float factor) {
    for (int i = start; i < start + count; i++) {
      values[i] *= factor;
    }
  }

  private static void scaleAndMultiply(
      float[] values, int start, float factor, float[] by, int count) {
    for (int i = 0; i < count; i++) {
      values[start + i] *= factor * by[i];
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
