package dev.longtake.runtime.cuda;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A convolution of noise on the GPU, and what it should give. */
final class ConvolutionTrial {
  private static final int SAMPLES = 40;

  private final Gpu gpu;
  private final ConvolutionShape shape;
  private final Noise x = new Noise(21);
  private final Noise weight = new Noise(22);
  private final Noise bias = new Noise(23);
  private final DeviceMemory xMemory;
  private final DeviceMemory weightMemory;
  private final @Nullable DeviceMemory biasMemory;
  private final DeviceMemory out;

  ConvolutionTrial(Gpu gpu, ConvolutionShape shape) {
    this.gpu = gpu;
    this.shape = shape;
    this.xMemory = gpu.bf16(x, shape.inputBytes() / 2);
    this.weightMemory = gpu.bf16(weight, shape.weightBytes() / 2);
    this.biasMemory = shape.biased() ? gpu.bf16(bias, shape.outChannels()) : null;
    this.out = gpu.allocate(shape.outputBytes());
  }

  void run(CudnnConvolution convolution) {
    convolution.convolve(gpu.stream(), shape, xMemory, weightMemory, biasMemory, out);
  }

  /** Returns the error of positions spread over the result, the corners among them. */
  double nmse() {
    ErrorSum error = new ErrorSum();
    long positions = (long) shape.outFrames() * shape.outRows() * shape.outColumns();
    for (int i = 0; i < SAMPLES; i++) {
      long position = i * (positions - 1) / (SAMPLES - 1);
      long bytes = 2L * shape.outChannels();
      ByteBuffer actual = gpu.download(out.part(position * bytes, bytes));
      for (int channel = 0; channel < shape.outChannels(); channel += 7) {
        error.add(Gpu.bf16At(actual, channel), expected(position, channel));
      }
    }
    return error.nmse();
  }

  private double expected(long position, int channel) {
    int column = (int) (position % shape.outColumns());
    int row = (int) (position / shape.outColumns() % shape.outRows());
    int frame = (int) (position / shape.outColumns() / shape.outRows());
    double sum = shape.biased() ? bias.bf16(channel) : 0;
    for (int t = 0; t < shape.kernelT(); t++) {
      for (int h = 0; h < shape.kernelH(); h++) {
        for (int w = 0; w < shape.kernelW(); w++) {
          int fromRow = row * shape.strideH() + h - shape.padBefore();
          int fromColumn = column * shape.strideW() + w - shape.padBefore();
          if (fromRow >= 0
              && fromRow < shape.rows()
              && fromColumn >= 0
              && fromColumn < shape.columns()) {
            long from =
                ((long) (frame * shape.strideT() + t) * shape.rows() + fromRow) * shape.columns()
                    + fromColumn;
            long tap =
                (((long) channel * shape.kernelT() + t) * shape.kernelH() + h) * shape.kernelW()
                    + w;
            sum += dot(from * shape.inChannels(), tap * shape.inChannels());
          }
        }
      }
    }
    return sum;
  }

  private double dot(long xStart, long weightStart) {
    double sum = 0;
    for (int c = 0; c < shape.inChannels(); c++) {
      sum += (double) x.bf16(xStart + c) * weight.bf16(weightStart + c);
    }
    return sum;
  }
}
