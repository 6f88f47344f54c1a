package dev.longtake.runtime.ops.cpu;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Shape;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/** {@code linear}, in tiles of the result. */
final class MatrixProducts {
  private static final int TILE_ROWS = 256;
  private static final int TILE_COLUMNS = 128;

  private final Parallel parallel;
  private final Scratch[] scratch;

  MatrixProducts(Parallel parallel, Scratch[] scratch) {
    this.parallel = parallel;
    this.scratch = scratch;
  }

  void linear(HostTensor x, Linear weights, Activation activation, HostTensor out) {
    int rows = x.shape().rows();
    int in = weights.inWidth();
    int outWidth = weights.outWidth();
    checkArgument(x.shape().extent(-1) == in, "x must be [rows, %s], but was %s", in, x.shape());
    checkArgument(
        out.shape().extent(-1) == outWidth && out.shape().rows() == rows,
        "out must be [%s, %s], but was %s",
        rows,
        outWidth,
        out.shape());

    weights.weight().require("weight", x.dtype(), Shape.of(outWidth, in));
    if (weights.bias() != null) {
      weights.bias().require("bias", x.dtype(), Shape.of(outWidth));
    }

    Gemm.Matrix a = new Gemm.Matrix(x.address(), in);
    Gemm.Matrix b = new Gemm.Matrix(HostTensor.of(weights.weight()).address(), in);
    Gemm.Matrix c = new Gemm.Matrix(out.address(), outWidth);
    FloatBuffer bias = weights.bias() == null ? null : HostTensor.of(weights.bias()).values();
    int rowTiles = ceilDiv(rows, TILE_ROWS);
    int columnTiles = ceilDiv(outWidth, TILE_COLUMNS);

    parallel.run(
        rowTiles * columnTiles,
        (task, thread) -> {
          int row = task / columnTiles * TILE_ROWS;
          int column = task % columnTiles * TILE_COLUMNS;
          int m = Math.min(TILE_ROWS, rows - row);
          int n = Math.min(TILE_COLUMNS, outWidth - column);
          long start = (long) row * outWidth + column;
          Gemm.timesTransposed(
              m,
              n,
              in,
              1f,
              a.offset((long) row * in),
              b.offset((long) column * in),
              0f,
              c.offset(start));
          for (int i = 0; i < m; i++) {
            int position = Math.toIntExact(start + (long) i * outWidth);
            finish(out.values(), position, n, bias, column, activation, scratch[thread]);
          }
        });
  }

  /** Adds the bias to {@code count} results, which lie in one row, and activates them. */
  static void finish(
      FloatBuffer out,
      int position,
      int count,
      @Nullable FloatBuffer bias,
      int biasPosition,
      Activation activation,
      Scratch scratch) {
    if (bias == null && activation == Activation.NONE) {
      return;
    }
    float[] row = scratch.row(count);
    out.get(position, row, 0, count);
    if (bias != null) {
      float[] addend = scratch.otherRow(count);
      bias.get(biasPosition, addend, 0, count);
      for (int i = 0; i < count; i++) {
        row[i] += addend[i];
      }
    }
    VectorMath.activate(row, count, activation);
    out.put(position, row, 0, count);
  }

  static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }
}
