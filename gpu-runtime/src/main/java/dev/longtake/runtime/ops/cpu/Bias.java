package dev.longtake.runtime.ops.cpu;

import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Writes a bias to where products will be added to it. */
final class Bias {
  private final float @Nullable [] values;

  private Bias(float @Nullable [] values) {
    this.values = values;
  }

  /** Reads a bias; null stands for zeros. */
  static Bias of(@Nullable Tensor bias) {
    if (bias == null) {
      return new Bias(null);
    }
    float[] values = new float[Math.toIntExact(bias.shape().elements())];
    HostTensor.of(bias).values().get(0, values);
    return new Bias(values);
  }

  /**
   * Fills a part of a matrix.
   *
   * @param out whose last dimension is the matrix's width
   * @param firstColumn of the part, and the bias's value that belongs there
   */
  void fill(HostTensor out, int firstRow, int rows, int firstColumn, int columns, Scratch scratch) {
    int width = out.shape().extent(-1);
    if (columns < width) {
      float[] row = scratch.row(columns);
      copy(firstColumn, columns, row, 0);
      for (int i = 0; i < rows; i++) {
        out.values().put((firstRow + i) * width + firstColumn, row, 0, columns);
      }
      return;
    }
    float[] all = scratch.row(rows * width);
    for (int i = 0; i < rows; i++) {
      copy(0, width, all, i * width);
    }
    out.values().put(firstRow * width, all, 0, rows * width);
  }

  private void copy(int first, int count, float[] to, int at) {
    if (values == null) {
      java.util.Arrays.fill(to, at, at + count, 0f);
    } else {
      System.arraycopy(values, first, to, at, count);
    }
  }
}
