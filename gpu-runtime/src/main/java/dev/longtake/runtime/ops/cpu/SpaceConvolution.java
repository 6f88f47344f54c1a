package dev.longtake.runtime.ops.cpu;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Shape;
import java.util.Arrays;

/**
 * Convolves frames, a band of rows at a time. Each input frame's windows, which extend in space
 * alone, are laid out once as the rows of a matrix; an output frame is the sum of the products of
 * the matrices of its frames with their parts of the weights.
 */
final class SpaceConvolution {
  private final Parallel parallel;
  private final Scratch[] scratch;

  SpaceConvolution(Parallel parallel, Scratch[] scratch) {
    this.parallel = parallel;
    this.scratch = scratch;
  }

  /** Convolves x [T, H, W, C]. */
  void convolve(HostTensor x, Conv conv, HostTensor out) {
    ConvShape shape = conv.shape();
    checkArgument(shape.groups() == 1, "channels in space cannot be dealt over groups");
    Geometry geometry = Geometry.of(shape, out.shape());
    int bands = MatrixProducts.ceilDiv(geometry.outRows(), geometry.bandRows());
    int runs = MatrixProducts.ceilDiv(geometry.outFrames(), geometry.runFrames());
    Bias bias = Bias.of(conv.bias());
    parallel.run(
        bands * runs,
        (task, thread) -> {
          int firstRow = task % bands * geometry.bandRows();
          int rows = Math.min(geometry.bandRows(), geometry.outRows() - firstRow);
          int firstFrame = task / bands * geometry.runFrames();
          int frames = Math.min(geometry.runFrames(), geometry.outFrames() - firstFrame);
          Band band = new Band(x, conv, out, geometry, firstRow, rows, scratch[thread]);
          band.unfold(
              firstFrame * shape.strideT(), (frames - 1) * shape.strideT() + shape.kernelT());
          for (int frame = 0; frame < frames; frame++) {
            band.multiply(firstFrame + frame, frame * shape.strideT(), bias);
          }
        });
  }

  /**
   * How an operation is cut into tasks.
   *
   * @param bandRows output rows of a task
   * @param runFrames output frames of a task
   */
  private record Geometry(
      int outFrames, int outRows, int outColumns, int windowSize, int bandRows, int runFrames) {
    private static final int MOST_POSITIONS = 1024;

    static Geometry of(ConvShape shape, Shape out) {
      int window = shape.kernelH() * shape.kernelW() * shape.inChannels();
      int columns = out.extent(2);
      int rowValues = columns * window;
      int frames = out.extent(0);
      // As many output frames as fit with one row, so that input frames are unfolded only once.
      int inputFrames = Math.max(shape.kernelT(), Scratch.TILE_VALUES / rowValues);
      int runFrames =
          Math.min(frames, Math.max(1, (inputFrames - shape.kernelT()) / shape.strideT() + 1));
      int runInputFrames = (runFrames - 1) * shape.strideT() + shape.kernelT();
      int bandRows = Math.max(1, Scratch.TILE_VALUES / (rowValues * runInputFrames));
      bandRows = Math.min(bandRows, Math.max(1, MOST_POSITIONS / columns));
      return new Geometry(
          frames, out.extent(1), columns, window, Math.min(bandRows, out.extent(1)), runFrames);
    }
  }

  /** Some output rows of all frames of a task. */
  private static final class Band {
    private final HostTensor x;
    private final Conv conv;
    private final HostTensor out;
    private final Geometry geometry;
    private final int firstRow;
    private final int rows;
    private final Scratch scratch;

    Band(
        HostTensor x,
        Conv conv,
        HostTensor out,
        Geometry geometry,
        int firstRow,
        int rows,
        Scratch scratch) {
      this.x = x;
      this.conv = conv;
      this.out = out;
      this.geometry = geometry;
      this.firstRow = firstRow;
      this.rows = rows;
      this.scratch = scratch;
    }

    private int positions() {
      return rows * geometry.outColumns();
    }

    /** Lays out the windows of input frames, one frame after another. */
    void unfold(int firstFrame, int frames) {
      ConvShape shape = conv.shape();
      int width = x.shape().extent(2);
      int channels = shape.inChannels();
      int rowValues = (shape.padBefore() + width + shape.padAfter()) * channels;
      float[] padded = scratch.otherRow(rowValues);
      int outRowValues = geometry.outColumns() * geometry.windowSize();
      float[] windows = scratch.row(outRowValues);
      scratch.reserveTile(frames * rows * outRowValues);
      for (int i = 0; i < frames * rows; i++) {
        int firstY = (firstRow + i % rows) * shape.strideH() - shape.padBefore();
        for (int dy = 0; dy < shape.kernelH(); dy++) {
          readRow(firstFrame + i / rows, firstY + dy, padded, rowValues);
          spread(padded, windows, dy * shape.kernelW() * channels);
        }
        scratch.tileValues().put(i * outRowValues, windows, 0, outRowValues);
      }
    }

    private void readRow(int frame, int y, float[] padded, int rowValues) {
      int height = x.shape().extent(1);
      int width = x.shape().extent(2);
      int channels = conv.shape().inChannels();
      int before = conv.shape().padBefore() * channels;
      if (y < 0 || y >= height) {
        Arrays.fill(padded, 0, rowValues, 0f);
        return;
      }
      Arrays.fill(padded, 0, before, 0f);
      x.values().get((frame * height + y) * width * channels, padded, before, width * channels);
      Arrays.fill(padded, before + width * channels, rowValues, 0f);
    }

    /** Copies a row's part of every window, {@code start} values into it. */
    private void spread(float[] padded, float[] windows, int start) {
      int channels = conv.shape().inChannels();
      int count = conv.shape().kernelW() * channels;
      int step = conv.shape().strideW() * channels;
      for (int column = 0; column < geometry.outColumns(); column++) {
        System.arraycopy(
            padded, column * step, windows, start + column * geometry.windowSize(), count);
      }
    }

    /** Computes one output frame from the input frames that were laid out. */
    void multiply(int outFrame, int firstInput, Bias bias) {
      ConvShape shape = conv.shape();
      int channels = shape.outChannels();
      int firstPosition = (outFrame * geometry.outRows() + firstRow) * geometry.outColumns();
      Gemm.Matrix weights =
          new Gemm.Matrix(HostTensor.of(conv.weight()).address(), shape.windowSize());
      Gemm.Matrix windows = new Gemm.Matrix(scratch.tile(), geometry.windowSize());
      Gemm.Matrix result =
          new Gemm.Matrix(out.address(), channels).offset((long) firstPosition * channels);
      bias.fill(out, firstPosition, positions(), 0, channels, scratch);
      for (int dt = 0; dt < shape.kernelT(); dt++) {
        Gemm.timesTransposed(
            positions(),
            channels,
            geometry.windowSize(),
            1f,
            windows.offset((long) (firstInput + dt) * positions() * geometry.windowSize()),
            weights.offset((long) dt * geometry.windowSize()),
            1f,
            result);
      }
    }
  }
}
