package dev.longtake.runtime.cuda;

import java.nio.ByteBuffer;

/** A matrix product of noise on the GPU, and what it should give. */
final class GemmTrial {
  private static final int SAMPLED_ROWS = 12;
  private static final int SAMPLED_COLUMNS = 24;

  private final Gpu gpu;
  private final GemmShape shape;
  private final GemmOperands operands;
  private final Noise x = new Noise(1);
  private final Noise weight = new Noise(2);
  private final Noise bias = new Noise(3);
  private final Noise xScale = new Noise(4);
  private final Noise weightScale = new Noise(5);

  GemmTrial(Gpu gpu, GemmShape shape) {
    this.gpu = gpu;
    this.shape = shape;
    int scales = shape.scales() == GemmScales.PER_ROW ? 1 : 0;
    boolean scaled = shape.scales() != GemmScales.NONE;
    this.operands =
        new GemmOperands(
            input(x, (long) shape.rows() * shape.in()),
            scaled ? gpu.factors(xScale, scales == 1 ? shape.rows() : 1) : null,
            input(weight, (long) shape.out() * shape.in()),
            scaled ? gpu.factors(weightScale, scales == 1 ? shape.out() : 1) : null,
            shape.epilogue().hasBias() ? result(bias, shape.out()) : null,
            gpu.allocate((long) shape.rows() * shape.out() * shape.type().resultBytes()));
  }

  GemmOperands operands() {
    return operands;
  }

  /** Returns the error of rows and columns spread over the result. */
  double nmse() {
    ErrorSum error = new ErrorSum();
    for (int i = 0; i < SAMPLED_ROWS; i++) {
      int row = (int) ((long) i * (shape.rows() - 1) / Math.max(1, SAMPLED_ROWS - 1));
      ByteBuffer values = row(row);
      for (int j = 0; j < SAMPLED_COLUMNS; j++) {
        int column = (int) ((long) j * (shape.out() - 1) / (SAMPLED_COLUMNS - 1));
        error.add(value(values, column), expected(row, column));
      }
    }
    return error.nmse();
  }

  /** Returns the bytes of one row of the result. */
  ByteBuffer row(int row) {
    long bytes = (long) shape.out() * shape.type().resultBytes();
    return gpu.download(operands.out().part(row * bytes, bytes));
  }

  private double expected(int row, int column) {
    double sum = 0;
    for (int k = 0; k < shape.in(); k++) {
      long xIndex = (long) row * shape.in() + k;
      long weightIndex = (long) column * shape.in() + k;
      sum +=
          shape.type().isQuantised()
              ? (double) x.fp8Value(xIndex) * weight.fp8Value(weightIndex)
              : (double) x.bf16(xIndex) * weight.bf16(weightIndex);
    }
    switch (shape.scales()) {
      case NONE -> {}
      case PER_TENSOR -> sum *= (double) xScale.factor(0) * weightScale.factor(0);
      case PER_ROW -> sum *= (double) xScale.factor(row) * weightScale.factor(column);
    }
    if (shape.epilogue().hasBias()) {
      sum += bias.bf16(column);
    }
    boolean activated =
        shape.epilogue() == GemmEpilogue.GELU_TANH
            || shape.epilogue() == GemmEpilogue.BIAS_GELU_TANH;
    return activated ? geluTanh(sum) : sum;
  }

  private DeviceMemory input(Noise noise, long count) {
    if (shape.type().isQuantised()) {
      return gpu.fp8(noise, count);
    }
    return shape.type() == GemmType.FP32 ? gpu.fp32(noise, count) : gpu.bf16(noise, count);
  }

  private DeviceMemory result(Noise noise, long count) {
    return shape.type().resultBytes() == Float.BYTES
        ? gpu.fp32(noise, count)
        : gpu.bf16(noise, count);
  }

  private double value(ByteBuffer values, int column) {
    return shape.type().resultBytes() == Float.BYTES
        ? values.getFloat(column * Float.BYTES)
        : Gpu.bf16At(values, column);
  }

  private static double geluTanh(double x) {
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }
}
