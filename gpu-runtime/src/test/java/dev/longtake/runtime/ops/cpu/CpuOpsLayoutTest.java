package dev.longtake.runtime.ops.cpu;

import static dev.longtake.runtime.ops.cpu.Exact.ROUNDING;
import static dev.longtake.runtime.ops.cpu.Exact.assertExact;
import static dev.longtake.runtime.ops.cpu.Exact.assertWithin;
import static dev.longtake.runtime.ops.cpu.Exact.doubles;

import dev.longtake.runtime.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuOpsLayoutTest {
  private final GuardedTensors tensors = new GuardedTensors();
  private final CpuOps ops = GuardedTensors.usedOps();

  @AfterEach
  void close() {
    ops.close();
    tensors.close();
  }

  // Tasks have 16384 values, or one token.
  @ParameterizedTest(name = "{0} tokens, {1} heads of {2}")
  @CsvSource({"1,1,2", "7,3,6", "257,2,128", "5,40,128", "3,130,128", "20000,1,2"})
  void ropeTurnsAdjacentPairs(int tokens, int heads, int width) {
    Tensor x = tensors.random(tokens, heads, width);
    Tensor cos = tensors.random(tokens, width / 2);
    Tensor sin = tensors.random(tokens, width / 2);
    double[] expected = turned(doubles(x), doubles(cos), doubles(sin), heads, width);
    // Two products of at most 1 and their sum, each rounded.
    double limit = 4 * ROUNDING;
    Tensor out = tensors.output(tokens, heads, width);
    ops.rope(x, cos, sin, out);
    assertWithin(out, expected, limit);

    Tensor inPlace = tensors.copyOf(x);
    ops.rope(inPlace, cos, sin, inPlace);
    assertWithin(inPlace, expected, limit);
  }

  @ParameterizedTest(name = "[{0}, {1}, {2}, 4*{3}]")
  @CsvSource({"1,1,1,1", "1,2,3,1", "3,7,5,16", "2,33,1,3", "0,2,2,1"})
  void unpatchifySpreadsTokensOverTheirCells(int frames, int height, int width, int channels) {
    Tensor x = tensors.random(frames, height, width, 4 * channels);
    Tensor out = tensors.output(frames, 2 * height, 2 * width, channels);
    ops.unpatchify(x, out);

    double[] values = doubles(x);
    double[] expected = new double[values.length];
    for (int i = 0; i < expected.length; i++) {
      int channel = i % channels;
      int column = i / channels % (2 * width);
      int row = i / channels / (2 * width) % (2 * height);
      int frame = i / channels / (2 * width) / (2 * height);
      int token = (frame * height + row / 2) * width + column / 2;
      int cell = 2 * (row % 2) + column % 2;
      expected[i] = values[(token * 4 + cell) * channels + channel];
    }
    assertExact(out, expected);
  }

  @ParameterizedTest(name = "[{0}, {1}, {2}, {3}]")
  @CsvSource({"1,1,1,1", "2,3,5,7", "3,33,16,2", "1,257,1,3", "1,1,300,1", "0,2,2,1"})
  void upsampleRepeatsRowsAndColumns(int frames, int height, int width, int channels) {
    Tensor x = tensors.random(frames, height, width, channels);
    Tensor out = tensors.output(frames, 2 * height, 2 * width, channels);
    ops.upsample2x(x, out);

    double[] values = doubles(x);
    double[] expected = new double[4 * values.length];
    for (int i = 0; i < expected.length; i++) {
      int channel = i % channels;
      int column = i / channels % (2 * width);
      int row = i / channels / (2 * width) % (2 * height);
      int frame = i / channels / (2 * width) / (2 * height);
      expected[i] = values[((frame * height + row / 2) * width + column / 2) * channels + channel];
    }
    assertExact(out, expected);
  }

  @ParameterizedTest(name = "{2} to {3} of {0}x{1}")
  @CsvSource({"1,1,0,1", "7,5,0,5", "7,5,4,1", "257,33,3,16", "257,300,128,128", "0,3,1,2"})
  void copyColumnsTakesARange(int rows, int width, int first, int columns) {
    Tensor x = tensors.random(rows, width);
    Tensor out = tensors.output(rows, columns);
    ops.copyColumns(x, first, out);

    double[] values = doubles(x);
    double[] expected = new double[rows * columns];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = values[i / columns * width + first + i % columns];
    }
    assertExact(out, expected);
  }

  @Test
  void copyColumnsTakesAllDimensionsButTheLastAsRows() {
    Tensor x = tensors.of(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 2, 2, 3);
    Tensor out = tensors.output(4, 1);
    ops.copyColumns(x, 2, out);
    assertExact(out, new double[] {2, 5, 8, 11});
  }

  @ParameterizedTest(name = "{2} to {3} of {0}x{1}")
  @CsvSource({"1,1,0,1", "7,5,0,5", "7,5,4,1", "257,33,3,16", "0,3,1,2"})
  void putColumnsLeavesTheOthers(int rows, int width, int first, int columns) {
    Tensor x = tensors.random(rows, columns);
    Tensor out = tensors.output(rows, width);
    ops.fill(out, 7f);
    double[] values = doubles(x);
    double[] expected = doubles(out);
    for (int i = 0; i < values.length; i++) {
      expected[i / columns * width + first + i % columns] = values[i];
    }
    ops.putColumns(x, out, first);
    assertExact(out, expected);
  }

  private static double[] turned(double[] x, double[] cos, double[] sin, int heads, int width) {
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i += 2) {
      int angle = i / width / heads * (width / 2) + i % width / 2;
      out[i] = x[i] * cos[angle] - x[i + 1] * sin[angle];
      out[i + 1] = x[i] * sin[angle] + x[i + 1] * cos[angle];
    }
    return out;
  }
}
