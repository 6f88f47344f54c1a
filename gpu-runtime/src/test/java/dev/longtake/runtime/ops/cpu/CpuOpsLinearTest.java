package dev.longtake.runtime.ops.cpu;

import static dev.longtake.runtime.ops.cpu.Exact.ROUNDING;
import static dev.longtake.runtime.ops.cpu.Exact.assertExact;
import static dev.longtake.runtime.ops.cpu.Exact.assertWithin;
import static dev.longtake.runtime.ops.cpu.Exact.doubles;

import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CpuOpsLinearTest {
  private final GuardedTensors tensors = new GuardedTensors();
  private final CpuOps ops = GuardedTensors.usedOps();

  @AfterEach
  void close() {
    ops.close();
    tensors.close();
  }

  // A tile of the result has 256 rows and 128 columns.
  @ParameterizedTest(name = "{0}x{1} to {2}")
  @CsvSource({
    "1,1,1",
    "1,300,1",
    "1,16,300",
    "7,3,128",
    "7,33,129",
    "255,3,127",
    "256,16,128",
    "257,1,300",
    "257,33,3",
    "257,300,16",
    "513,128,257",
    "0,5,4",
  })
  void multipliesAndAddsTheBias(int rows, int in, int out) {
    Tensor x = tensors.integers(rows, in);
    Linear weights = new Linear(tensors.integers(out, in), tensors.integers(out));
    Tensor y = tensors.output(rows, out);
    ops.linear(x, weights, Activation.NONE, y);
    assertExact(y, product(x, weights));

    Linear withoutBias = new Linear(weights.weight(), null);
    Tensor z = tensors.output(rows, out);
    ops.linear(x, withoutBias, Activation.NONE, z);
    assertExact(z, product(x, withoutBias));
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void activatesAfterTheBias(Activation activation) {
    Tensor x = tensors.random(257, 33);
    Linear weights = new Linear(tensors.random(129, 33), tensors.random(129));
    Tensor y = tensors.output(257, 129);
    ops.linear(x, weights, activation, y);

    double[] expected = product(x, weights);
    double[] limits = new double[expected.length];
    for (int i = 0; i < expected.length; i++) {
      // 34 terms of at most 1 each, and each addition rounds a partial sum of at most 34.
      limits[i] = Exact.activationLimit(activation, expected[i], 34 * 34 * ROUNDING);
      expected[i] = Exact.activation(activation, expected[i]);
    }
    assertWithin(y, expected, limits);
  }

  @Test
  void takesAllDimensionsButTheLastAsRows() {
    Tensor x = tensors.integers(2, 3, 5, 4);
    Linear weights = new Linear(tensors.integers(6, 4), tensors.integers(6));
    Tensor y = tensors.output(3, 10, 6);
    ops.linear(x, weights, Activation.NONE, y);
    assertExact(y, product(x, weights));
  }

  @Test
  void computesPartsOfTheOutputs() {
    Tensor x = tensors.integers(9, 20);
    Linear weights = new Linear(tensors.integers(30, 20), tensors.integers(30));
    Linear part = weights.outputs(7, 11);
    Tensor y = tensors.output(9, 11);
    ops.linear(x, part, Activation.NONE, y);

    double[] all = product(x, weights);
    double[] expected = new double[9 * 11];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = all[i / 11 * 30 + 7 + i % 11];
    }
    assertExact(y, expected);
  }

  private static double[] product(Tensor x, Linear weights) {
    int rows = x.shape().rows();
    int in = weights.inWidth();
    int out = weights.outWidth();
    double[] a = doubles(x);
    double[] w = doubles(weights.weight());
    Tensor bias = weights.bias();
    double[] b = bias == null ? new double[out] : doubles(bias);
    double[] y = new double[rows * out];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < out; column++) {
        double sum = b[column];
        for (int i = 0; i < in; i++) {
          sum += a[row * in + i] * w[column * in + i];
        }
        y[row * out + column] = sum;
      }
    }
    return y;
  }
}
