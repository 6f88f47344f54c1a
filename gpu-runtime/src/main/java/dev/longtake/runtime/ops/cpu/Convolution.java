package dev.longtake.runtime.ops.cpu;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Shape;
import java.nio.FloatBuffer;

/**
 * {@code convolve}: a tile of output positions at a time, its windows are laid out as the rows of
 * a matrix, which is then multiplied by the weights.
 */
final class Convolution {
  private static final float[] ZEROS = new float[1024];

  private final Parallel parallel;
  private final Scratch[] scratch;
  private final MatrixProducts products;

  Convolution(Parallel parallel, Scratch[] scratch, MatrixProducts products) {
    this.parallel = parallel;
    this.scratch = scratch;
    this.products = products;
  }

  void convolve(HostTensor x, Conv conv, HostTensor out) {
    ConvShape shape = conv.shape();
    Shape expected = shape.output(x.shape());
    checkArgument(out.shape().equals(expected), "out must be %s, but was %s", expected, out.shape());
    if (isPointwise(shape)) {
      products.linear(x, new Linear(conv.weight(), conv.bias()), Activation.NONE, out);
      return;
    }
    int positions = expected.rows();
    int window = shape.windowSize();
    int outPerGroup = shape.outChannels() / shape.groups();
    int tilePositions = Math.max(1, Math.min(positions, Scratch.TILE_VALUES / window));
    checkArgument(
        window <= Scratch.TILE_VALUES, "a window of %s values is too large for a tile", window);
    int tiles = MatrixProducts.ceilDiv(positions, tilePositions);
    Gemm.Matrix weights = new Gemm.Matrix(HostTensor.of(conv.weight()).address(), window);
    FloatBuffer bias = conv.bias() == null ? null : HostTensor.of(conv.bias()).values();

    parallel.run(
        tiles * shape.groups(),
        (task, thread) -> {
          int group = task / tiles;
          int first = task % tiles * tilePositions;
          int count = Math.min(tilePositions, positions - first);
          new Windows(x, shape, expected, group).unfold(first, count, scratch[thread]);
          int channel = group * outPerGroup;
          long start = (long) first * shape.outChannels() + channel;
          Gemm.timesTransposed(
              count,
              outPerGroup,
              window,
              1f,
              new Gemm.Matrix(scratch[thread].tile(), window),
              weights.offset((long) channel * window),
              0f,
              new Gemm.Matrix(out.address(), shape.outChannels()).offset(start));
          addBias(out, start, count, bias, channel, outPerGroup, shape.outChannels(), thread);
        });
  }

  private static boolean isPointwise(ConvShape shape) {
    return shape.windowSize() == shape.inChannels()
        && shape.groups() == 1
        && shape.strideT() == 1
        && shape.strideH() == 1
        && shape.strideW() == 1
        && shape.padBefore() + shape.padAfter() == 0;
  }

  private void addBias(
      HostTensor out,
      long start,
      int rows,
      FloatBuffer bias,
      int channel,
      int width,
      int rowStride,
      int thread) {
    if (bias == null) {
      return;
    }
    float[] addend = scratch[thread].otherRow(width);
    bias.get(channel, addend, 0, width);
    int position = Math.toIntExact(start);
    if (width == rowStride) { // the rows are contiguous, so that they are read at one go
      float[] values = scratch[thread].row(rows * width);
      out.values().get(position, values, 0, rows * width);
      for (int row = 0; row < rows; row++) {
        for (int i = 0; i < width; i++) {
          values[row * width + i] += addend[i];
        }
      }
      out.values().put(position, values, 0, rows * width);
      return;
    }
    for (int row = 0; row < rows; row++) {
      MatrixProducts.finish(
          out.values(), position + row * rowStride, width, bias, channel, Activation.NONE,
          scratch[thread]);
    }
  }

  /** The windows of one group's output positions, in the order of the weights. */
  private static final class Windows {
    private final FloatBuffer source;
    private final ConvShape shape;
    private final int frames;
    private final int height;
    private final int width;
    private final int outHeight;
    private final int outWidth;
    private final int firstChannel;
    private final int channels;

    Windows(HostTensor x, ConvShape shape, Shape out, int group) {
      this.source = x.values();
      this.shape = shape;
      this.frames = x.shape().extent(0);
      this.height = x.shape().extent(1);
      this.width = x.shape().extent(2);
      this.outHeight = out.extent(1);
      this.outWidth = out.extent(2);
      this.channels = shape.inChannels() / shape.groups();
      this.firstChannel = group * channels;
    }

    void unfold(int firstPosition, int count, Scratch scratch) {
      FloatBuffer tile = scratch.tileValues();
      int rowValues = shape.kernelW() * channels;
      int at = 0;
      for (int position = firstPosition; position < firstPosition + count; position++) {
        int t = position / (outHeight * outWidth) * shape.strideT();
        int y = position / outWidth % outHeight * shape.strideH() - shape.padBefore();
        int x = position % outWidth * shape.strideW() - shape.padBefore();
        for (int dt = 0; dt < shape.kernelT(); dt++) {
          for (int dy = 0; dy < shape.kernelH(); dy++) {
            copyRow(tile, at, t + dt, y + dy, x);
            at += rowValues;
          }
        }
      }
    }

    /** Copies the kernel's columns of one row, with zeros for those outside. */
    private void copyRow(FloatBuffer tile, int at, int t, int y, int x) {
      int kernelW = shape.kernelW();
      if (y < 0 || y >= height || t >= frames) {
        zero(tile, at, kernelW * channels);
        return;
      }
      int from = Math.max(0, -x);
      int to = Math.min(kernelW, width - x);
      zero(tile, at, from * channels);
      int row = (t * height + y) * width;
      if (shape.groups() == 1) {
        tile.put(
            at + from * channels, source, (row + x + from) * channels, (to - from) * channels);
      } else {
        for (int dx = from; dx < to; dx++) {
          int pixel = (row + x + dx) * shape.inChannels() + firstChannel;
          tile.put(at + dx * channels, source, pixel, channels);
        }
      }
      zero(tile, at + to * channels, (kernelW - to) * channels);
    }

    private static void zero(FloatBuffer tile, int at, int count) {
      for (int done = 0; done < count; done += ZEROS.length) {
        tile.put(at + done, ZEROS, 0, Math.min(ZEROS.length, count - done));
      }
    }
  }
}
