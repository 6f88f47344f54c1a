package dev.longtake.runtime.ops.cpu;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.tensor.HostTensor;

/**
 * Convolves a sequence. A window is one run of values; a tile of windows is laid out as the rows of
 * a matrix, which is then multiplied by the weights.
 */
final class TimeConvolution {
  private final Parallel parallel;
  private final Scratch[] scratch;

  TimeConvolution(Parallel parallel, Scratch[] scratch) {
    this.parallel = parallel;
    this.scratch = scratch;
  }

  /** Convolves x [T, 1, 1, C]. */
  void convolve(HostTensor x, Conv conv, HostTensor out) {
    ConvShape shape = conv.shape();
    int frames = out.shape().extent(0);
    int window = shape.windowSize();
    int outPerGroup = shape.outChannels() / shape.groups();
    checkArgument(
        window <= Scratch.TILE_VALUES, "a window of %s values is too large for a tile", window);
    int tileFrames = Math.max(1, Math.min(frames, Scratch.TILE_VALUES / window));
    int tiles = MatrixProducts.ceilDiv(frames, tileFrames);
    Gemm.Matrix weights = new Gemm.Matrix(HostTensor.of(conv.weight()).address(), window);
    Bias bias = Bias.of(conv.bias());

    parallel.run(
        tiles * shape.groups(),
        (task, thread) -> {
          int group = task / tiles;
          int first = task % tiles * tileFrames;
          int count = Math.min(tileFrames, frames - first);
          unfold(x, shape, group, first, count, scratch[thread]);
          int channel = group * outPerGroup;
          bias.fill(out, first, count, channel, outPerGroup, scratch[thread]);
          long start = (long) first * shape.outChannels() + channel;
          Gemm.timesTransposed(
              count,
              outPerGroup,
              window,
              1f,
              new Gemm.Matrix(scratch[thread].tile(), window),
              weights.offset((long) channel * window),
              1f,
              new Gemm.Matrix(out.address(), shape.outChannels()).offset(start));
        });
  }

  private static void unfold(
      HostTensor x, ConvShape shape, int group, int first, int count, Scratch scratch) {
    int all = shape.inChannels();
    int channels = all / shape.groups();
    int window = shape.windowSize();
    for (int i = 0; i < count; i++) {
      int start = (first + i) * shape.strideT() * all;
      if (shape.groups() == 1) {
        scratch.tileValues().put(i * window, x.values(), start, window);
        continue;
      }
      for (int t = 0; t < shape.kernelT(); t++) {
        int from = start + t * all + group * channels;
        scratch.tileValues().put(i * window + t * channels, x.values(), from, channels);
      }
    }
  }
}
