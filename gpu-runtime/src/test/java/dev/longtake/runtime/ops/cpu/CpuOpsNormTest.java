package dev.longtake.runtime.ops.cpu;

import static dev.longtake.runtime.ops.cpu.Exact.ROUNDING;
import static dev.longtake.runtime.ops.cpu.Exact.assertExact;
import static dev.longtake.runtime.ops.cpu.Exact.assertWithin;
import static dev.longtake.runtime.ops.cpu.Exact.doubles;

import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class CpuOpsNormTest {
  private static final float EPSILON = 1e-6f;

  private final GuardedTensors tensors = new GuardedTensors();
  private final CpuOps ops = GuardedTensors.usedOps();

  @AfterEach
  void close() {
    ops.close();
    tensors.close();
  }

  record Size(int rows, int width) {}

  // Tasks have 16384 values, or one row.
  static Stream<Size> sizes() {
    return Stream.of(
        new Size(1, 1),
        new Size(1, 300),
        new Size(7, 3),
        new Size(257, 16),
        new Size(257, 128),
        new Size(1001, 33),
        new Size(20_000, 1),
        new Size(3, 20_000));
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void layerNormStandardizesEachRow(Size size) {
    Tensor x = tensors.random(size.rows, size.width);
    Tensor weight = tensors.random(size.width);
    Tensor bias = tensors.random(size.width);
    double[] ones = filled(size.width, 1);
    double[] zeros = new double[size.width];
    Tensor out = tensors.output(size.rows, size.width);

    ops.layerNorm(x, weight, bias, EPSILON, out);
    checkStandardized(out, x, doubles(weight), doubles(bias), EPSILON);
    ops.layerNorm(x, weight, null, EPSILON, out);
    checkStandardized(out, x, doubles(weight), zeros, EPSILON);
    ops.layerNorm(x, null, bias, EPSILON, out);
    checkStandardized(out, x, ones, doubles(bias), EPSILON);
    ops.layerNorm(x, null, null, 0.5f, out);
    checkStandardized(out, x, ones, zeros, 0.5f);

    Tensor inPlace = tensors.copyOf(x);
    ops.layerNorm(inPlace, weight, bias, EPSILON, inPlace);
    checkStandardized(inPlace, x, doubles(weight), doubles(bias), EPSILON);
  }

  @Test
  void layerNormOfEqualValuesIsTheBias() {
    Tensor x = tensors.of(new float[] {3, 3, 3, 3, -0.5f, -0.5f, -0.5f, -0.5f}, 2, 4);
    Tensor bias = tensors.integers(4);
    Tensor out = tensors.output(2, 4);
    ops.layerNorm(x, tensors.random(4), bias, EPSILON, out);
    double[] expected = new double[8];
    for (int i = 0; i < 8; i++) {
      expected[i] = doubles(bias)[i % 4];
    }
    assertExact(out, expected);
  }

  @ParameterizedTest(name = "{0} rows of {1} in {2} groups")
  @CsvSource({"1,1,1", "6,33,1", "6,33,2", "6,33,6", "771,128,3", "1000,300,4", "12,1,3"})
  void layerNormModulatedGivesEachGroupItsScaleAndShift(int rows, int width, int groups) {
    Tensor x = tensors.random(rows, width);
    Tensor scale = tensors.random(groups, width);
    Tensor shift = tensors.random(groups, width);
    double[] gain = Arrays.stream(doubles(scale)).map(value -> 1 + value).toArray();
    Tensor out = tensors.output(rows, width);
    ops.layerNormModulated(x, scale, shift, EPSILON, out);
    checkStandardized(out, x, gain, doubles(shift), EPSILON);

    Tensor inPlace = tensors.copyOf(x);
    ops.layerNormModulated(inPlace, scale, shift, EPSILON, inPlace);
    checkStandardized(inPlace, x, gain, doubles(shift), EPSILON);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void rmsNormDividesByTheRootMeanSquare(Size size) {
    Tensor x = tensors.random(size.rows, size.width);
    Tensor weight = tensors.random(size.width);
    Tensor out = tensors.output(size.rows, size.width);
    ops.rmsNorm(x, weight, EPSILON, out);
    checkRmsNorm(out, x, doubles(weight), EPSILON);
    ops.rmsNorm(x, weight, 0.5f, out);
    checkRmsNorm(out, x, doubles(weight), 0.5f);

    Tensor inPlace = tensors.copyOf(x);
    ops.rmsNorm(inPlace, weight, EPSILON, inPlace);
    checkRmsNorm(inPlace, x, doubles(weight), EPSILON);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void channelNormGivesEachRowTheLengthOfGamma(Size size) {
    Tensor x = tensors.random(size.rows, size.width);
    Tensor gamma = tensors.random(size.width);
    Tensor out = tensors.output(size.rows, size.width);
    ops.channelNorm(x, gamma, Activation.NONE, out);
    checkChannelNorm(out, x, doubles(gamma), Activation.NONE);

    Tensor inPlace = tensors.copyOf(x);
    ops.channelNorm(inPlace, gamma, Activation.SILU, inPlace);
    checkChannelNorm(inPlace, x, doubles(gamma), Activation.SILU);
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void channelNormActivates(Activation activation) {
    Tensor x = tensors.random(2, 3, 5, 7);
    Tensor gamma = tensors.random(7);
    Tensor out = tensors.output(2, 3, 5, 7);
    ops.channelNorm(x, gamma, activation, out);
    checkChannelNorm(out, x, doubles(gamma), activation);
  }

  @Test
  void channelNormDividesTinyRowsByNoLessThanItsFloor() {
    Tensor x = tensors.of(new float[] {0, 0, 0, 0, 3e-13f, 0, -4e-13f, 0}, 2, 4);
    Tensor gamma = tensors.of(new float[] {1, 2, 3, 4}, 4);
    Tensor out = tensors.output(2, 4);
    ops.channelNorm(x, gamma, Activation.NONE, out);
    // The second row is 5e-13 long, half the floor; four channels make the factor 2e12.
    assertWithin(out, new double[] {0, 0, 0, 0, 0.6, 0, -2.4, 0}, 2.4 * 8 * ROUNDING);
  }

  @Test
  void normsSeeRowsOfAnyRank() {
    Tensor x = tensors.random(2, 5, 3, 4);
    Tensor weight = tensors.random(4);
    Tensor out = tensors.output(30, 4);
    ops.rmsNorm(x, weight, EPSILON, out);
    checkRmsNorm(out, x, doubles(weight), EPSILON);
    ops.layerNorm(x, weight, null, EPSILON, out);
    checkStandardized(out, x, doubles(weight), new double[4], EPSILON);
  }

  /**
   * Returns by what part of itself a sum of {@code width} terms of one sign may be off in fp32, in
   * four partial sums, with the handful of operations that follow.
   */
  private static double sumLimit(int width) {
    return (width / 4.0 + 8) * ROUNDING;
  }

  /** {@code gain} and {@code shift} have a row for each of several equal runs of rows. */
  private static void checkStandardized(
      Tensor out, Tensor x, double[] gain, double[] shift, float epsilon) {
    int width = x.shape().extent(-1);
    int groupRows = x.shape().rows() * width / gain.length;
    double[] expected = doubles(x);
    double[] limits = new double[expected.length];
    for (int row = 0; row < x.shape().rows(); row++) {
      double mean = 0;
      double largest = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        mean += expected[i] / width;
        largest = Math.max(largest, Math.abs(expected[i]));
      }
      double variance = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        variance += (expected[i] - mean) * (expected[i] - mean) / width;
      }
      double deviation = Math.sqrt(variance + epsilon);
      for (int i = 0; i < width; i++) {
        int element = row * width + i;
        int parameter = row / groupRows * width + i;
        double standardized = (expected[element] - mean) / deviation;
        expected[element] = standardized * gain[parameter] + shift[parameter];
        // The mean's error counts as much more as the values are larger than their deviation.
        limits[element] =
            sumLimit(width) * (2 * largest / deviation * Math.abs(gain[parameter]) + 1);
      }
    }
    assertWithin(out, expected, limits);
  }

  private static void checkRmsNorm(Tensor out, Tensor x, double[] weight, float epsilon) {
    int width = weight.length;
    double[] expected = doubles(x);
    double[] limits = new double[expected.length];
    for (int row = 0; row < expected.length / width; row++) {
      double factor = 1 / Math.sqrt(sumOfSquares(expected, row, width) / width + epsilon);
      for (int i = 0; i < width; i++) {
        int element = row * width + i;
        expected[element] *= factor * weight[i];
        limits[element] = sumLimit(width) * Math.abs(expected[element]);
      }
    }
    assertWithin(out, expected, limits);
  }

  private static void checkChannelNorm(
      Tensor out, Tensor x, double[] gamma, Activation activation) {
    int width = gamma.length;
    double[] expected = doubles(x);
    double[] limits = new double[expected.length];
    for (int row = 0; row < expected.length / width; row++) {
      double norm = Math.max(Math.sqrt(sumOfSquares(expected, row, width)), 1e-12);
      for (int i = 0; i < width; i++) {
        int element = row * width + i;
        double value = expected[element] / norm * Math.sqrt(width) * gamma[i];
        double limit = sumLimit(width) * Math.abs(value);
        limits[element] = Exact.activationLimit(activation, value, limit);
        expected[element] = Exact.activation(activation, value);
      }
    }
    assertWithin(out, expected, limits);
  }

  private static double sumOfSquares(double[] values, int row, int width) {
    double sum = 0;
    for (int i = row * width; i < (row + 1) * width; i++) {
      sum += values[i] * values[i];
    }
    return sum;
  }

  private static double[] filled(int count, double value) {
    double[] values = new double[count];
    Arrays.fill(values, value);
    return values;
  }
}
