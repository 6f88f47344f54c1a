package dev.longtake.runtime.ops.cpu;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Shape;
import java.nio.FloatBuffer;

/** Operations that move values without changing them, and the rotary embedding. */
final class Layout {
  private final Parallel parallel;
  private final Rows rows;

  Layout(Parallel parallel, Rows rows) {
    this.parallel = parallel;
    this.rows = rows;
  }

  void copy(HostTensor source, HostTensor out) {
    checkArgument(
        source.shape().elements() == out.shape().elements(),
        "%s cannot be copied to %s",
        source.shape(),
        out.shape());
    out.values().put(0, source.values(), 0, source.values().capacity());
  }

  void rope(HostTensor x, HostTensor cos, HostTensor sin, HostTensor out) {
    checkArgument(
        x.shape().rank() == 3 && x.shape().extent(2) % 2 == 0,
        "x must be [S, N, D] with an even D, but was %s",
        x.shape());
    int tokens = x.shape().extent(0);
    int heads = x.shape().extent(1);
    int pairs = x.shape().extent(2) / 2;
    cos.require("cos", x.dtype(), Shape.of(tokens, pairs));
    sin.require("sin", x.dtype(), Shape.of(tokens, pairs));
    rows.map(
        x,
        heads * pairs * 2,
        out,
        (values, firstRow, count, scratch) -> {
          float[] angles = scratch.otherRow(2 * pairs);
          for (int i = 0; i < count; i++) {
            cos.values().get((firstRow + i) * pairs, angles, 0, pairs);
            sin.values().get((firstRow + i) * pairs, angles, pairs, pairs);
            for (int head = 0; head < heads; head++) {
              turn(values, (i * heads + head) * pairs * 2, angles, pairs);
            }
          }
        });
  }

  private static void turn(float[] values, int start, float[] angles, int pairs) {
    for (int j = 0; j < pairs; j++) {
      float a = values[start + 2 * j];
      float b = values[start + 2 * j + 1];
      float cos = angles[j];
      float sin = angles[pairs + j];
      values[start + 2 * j] = a * cos - b * sin;
      values[start + 2 * j + 1] = a * sin + b * cos;
    }
  }

  void unpatchify(HostTensor x, HostTensor out) {
    checkArgument(
        x.shape().rank() == 4 && x.shape().extent(3) % 4 == 0,
        "x must be [T, H, W, 4·C], but was %s",
        x.shape());
    int frames = x.shape().extent(0);
    int height = x.shape().extent(1);
    int width = x.shape().extent(2);
    int cell = x.shape().extent(3) / 4;
    out.require("out", x.dtype(), Shape.of(frames, 2 * height, 2 * width, cell));
    int token = 0;
    for (int row = 0; row < frames * height; row++) {
      for (int column = 0; column < width; column++, token++) {
        for (int p = 0; p < 2; p++) {
          int at = ((2 * row + p) * width + column) * 2 * cell;
          out.values().put(at, x.values(), (token * 2 + p) * 2 * cell, 2 * cell);
        }
      }
    }
  }

  void upsample2x(HostTensor x, HostTensor out) {
    checkArgument(x.shape().rank() == 4, "x must be [T, H, W, C], but was %s", x.shape());
    int height = x.shape().extent(0) * x.shape().extent(1);
    int width = x.shape().extent(2);
    int channels = x.shape().extent(3);
    out.require(
        "out",
        x.dtype(),
        Shape.of(x.shape().extent(0), 2 * x.shape().extent(1), 2 * width, channels));
    FloatBuffer from = x.values();
    FloatBuffer to = out.values();
    int outRow = 2 * width * channels;
    parallel.run(
        height,
        (row, thread) -> {
          int at = 2 * row * outRow;
          for (int column = 0; column < width; column++) {
            int pixel = (row * width + column) * channels;
            to.put(at + 2 * column * channels, from, pixel, channels);
            to.put(at + (2 * column + 1) * channels, from, pixel, channels);
          }
          to.put(at + outRow, to.slice(at, outRow), 0, outRow);
        });
  }

  void copyColumns(HostTensor x, int firstColumn, HostTensor out) {
    requireColumns(x, firstColumn, out);
    int width = x.shape().extent(-1);
    int columns = out.shape().extent(-1);
    for (int row = 0; row < x.shape().rows(); row++) {
      out.values().put(row * columns, x.values(), row * width + firstColumn, columns);
    }
  }

  void putColumns(HostTensor x, HostTensor out, int firstColumn) {
    requireColumns(out, firstColumn, x);
    int width = out.shape().extent(-1);
    int columns = x.shape().extent(-1);
    for (int row = 0; row < x.shape().rows(); row++) {
      out.values().put(row * width + firstColumn, x.values(), row * columns, columns);
    }
  }

  private static void requireColumns(HostTensor whole, int firstColumn, HostTensor part) {
    int columns = part.shape().extent(-1);
    checkArgument(
        firstColumn >= 0
            && firstColumn + columns <= whole.shape().extent(-1)
            && part.shape().rows() == whole.shape().rows(),
        "columns %s to %s of %s do not make %s",
        firstColumn,
        firstColumn + columns,
        whole.shape(),
        part.shape());
  }
}
