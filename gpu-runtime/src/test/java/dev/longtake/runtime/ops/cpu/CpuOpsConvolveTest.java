package dev.longtake.runtime.ops.cpu;

import static dev.longtake.runtime.ops.cpu.Exact.assertExact;
import static dev.longtake.runtime.ops.cpu.Exact.doubles;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CpuOpsConvolveTest {
  private final GuardedTensors tensors = new GuardedTensors();
  private final CpuOps ops = GuardedTensors.usedOps();

  @AfterEach
  void close() {
    ops.close();
    tensors.close();
  }

  record Case(String name, Shape input, ConvShape shape) {
    @Override
    public String toString() {
      return name;
    }
  }

  // A tile has 2^17 values of input windows, and 1024 positions in space.
  static Stream<Case> cases() {
    return Stream.of(
        new Case("one value", Shape.of(1, 1, 1, 1), ConvShape.same(1, 1, 1, 1)),
        new Case("1x1x1", Shape.of(2, 13, 21, 5), ConvShape.same(7, 5, 1, 1)),
        new Case("1x1x1, padded", Shape.of(2, 3, 4, 5), space(3, 5, 1, 1, 1, 1, 1, 1, 1)),
        new Case("1x1x1, strided", Shape.of(5, 6, 7, 3), space(4, 3, 1, 1, 2, 3, 2, 0, 0)),
        new Case("1x3x3", Shape.of(3, 9, 11, 4), ConvShape.same(6, 4, 1, 3)),
        new Case("1x3x3 of one cell", Shape.of(1, 1, 1, 3), ConvShape.same(2, 3, 1, 3)),
        new Case("3x3x3", Shape.of(5, 7, 8, 3), ConvShape.same(5, 3, 3, 3)),
        new Case("3x3x3 on as many frames", Shape.of(3, 4, 3, 2), ConvShape.same(1, 2, 3, 3)),
        new Case("3x1x1", Shape.of(6, 5, 4, 3), ConvShape.same(4, 3, 3, 1)),
        new Case("3x1x1, stride 2", Shape.of(7, 5, 4, 3), time(4, 3, 3, 2)),
        new Case("padded behind only", Shape.of(2, 8, 10, 3), space(4, 3, 1, 3, 1, 2, 2, 0, 1)),
        new Case("padded before only", Shape.of(2, 7, 9, 3), space(4, 3, 1, 3, 1, 2, 2, 1, 0)),
        new Case(
            "strides that leave rest", Shape.of(6, 9, 12, 2), space(3, 2, 2, 3, 3, 4, 5, 1, 2)),
        new Case("oblong kernel", Shape.of(3, 8, 6, 2), oblong()),
        new Case("patches 1x2x2", Shape.of(3, 6, 8, 16), ConvShape.patches(5, 16, 1, 2, 2)),
        new Case("patches 2x4x4", Shape.of(2, 8, 14, 3), ConvShape.patches(5, 3, 2, 4, 4)),
        new Case("patches 4x8x8", Shape.of(16, 16, 17, 2), ConvShape.patches(3, 2, 4, 8, 8)),
        new Case("several bands", Shape.of(4, 15, 37, 16), ConvShape.same(3, 16, 3, 3)),
        new Case("several runs of frames", Shape.of(31, 2, 37, 16), ConvShape.same(3, 16, 3, 3)),
        new Case("runs with stride 2", Shape.of(64, 2, 37, 16), space(2, 16, 3, 3, 2, 1, 1, 1, 1)),
        new Case("a row beyond a tile", Shape.of(4, 2, 60, 300), ConvShape.same(2, 300, 3, 3)),
        new Case("a row beyond 1024", Shape.of(2, 3, 1500, 2), ConvShape.same(3, 2, 1, 3)),
        new Case("time", Shape.of(9, 1, 1, 4), time(5, 4, 3, 1)),
        new Case("time, stride 2", Shape.of(10, 1, 1, 4), time(5, 4, 3, 2)),
        new Case("time, stride beyond the kernel", Shape.of(23, 1, 1, 2), time(3, 2, 2, 5)),
        new Case("time, one channel", Shape.of(3001, 1, 1, 1), time(16, 1, 10, 5)),
        new Case("time, several tiles", Shape.of(700, 1, 1, 128), time(3, 128, 3, 1)),
        new Case("time, groups", Shape.of(20, 1, 1, 12), time(8, 12, 5, 1).withGroups(4)),
        new Case("time, groups, stride", Shape.of(20, 1, 1, 12), time(6, 12, 4, 3).withGroups(2)),
        new Case("time, a channel a group", Shape.of(9, 1, 1, 6), time(6, 6, 3, 1).withGroups(6)),
        new Case("time, groups, kernel 1", Shape.of(9, 1, 1, 6), time(4, 6, 1, 1).withGroups(2)),
        new Case(
            "time, groups, tiles", Shape.of(300, 1, 1, 32), time(32, 32, 64, 1).withGroups(2)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void sumsTheProductsOfEveryWindow(Case tested) {
    ConvShape shape = tested.shape();
    Tensor x = tensors.integers(tested.input().toArray());
    Tensor weight = tensors.integers(shape.outChannels(), shape.windowSize());
    Conv conv = new Conv(shape, weight, tensors.integers(shape.outChannels()));
    int[] outExtents = shape.output(x.shape()).toArray();
    Tensor y = tensors.output(outExtents);
    ops.convolve(x, conv, y);
    assertExact(y, windowSums(x, conv));

    Conv withoutBias = new Conv(shape, weight, null);
    Tensor z = tensors.output(outExtents);
    ops.convolve(x, withoutBias, z);
    assertExact(z, windowSums(x, withoutBias));
  }

  @Test
  void givesTheOutputsThatItsShapeSays() {
    assertThat(space(4, 3, 2, 3, 2, 2, 3, 0, 1).output(Shape.of(7, 9, 10, 3)))
        .isEqualTo(Shape.of(3, 4, 3, 4));
    assertThat(ConvShape.same(4, 3, 3, 3).output(Shape.of(3, 9, 10, 3)))
        .isEqualTo(Shape.of(1, 9, 10, 4));
  }

  @Test
  void computesPartsOfTheChannels() {
    Tensor x = tensors.integers(3, 5, 6, 4);
    ConvShape shape = ConvShape.same(10, 4, 3, 3);
    Conv conv = new Conv(shape, tensors.integers(10, shape.windowSize()), tensors.integers(10));
    Tensor y = tensors.output(1, 5, 6, 3);
    ops.convolve(x, conv.outputs(6, 3), y);

    double[] all = windowSums(x, conv);
    double[] expected = new double[30 * 3];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = all[i / 3 * 10 + 6 + i % 3];
    }
    assertExact(y, expected);
  }

  private static ConvShape time(int out, int in, int kernel, int stride) {
    return ConvShape.overTime(out, in, kernel, stride);
  }

  private static ConvShape space(
      int out,
      int in,
      int kernelT,
      int side,
      int strideT,
      int strideH,
      int strideW,
      int before,
      int after) {
    return new ConvShape(out, in, kernelT, side, side, strideT, strideH, strideW, before, after, 1);
  }

  private static ConvShape oblong() {
    return new ConvShape(3, 2, 2, 4, 3, 1, 1, 2, 2, 1, 1);
  }

  private static double[] windowSums(Tensor x, Conv conv) {
    ConvShape shape = conv.shape();
    int[] in = x.shape().toArray();
    int[] out = shape.output(x.shape()).toArray();
    double[] values = doubles(x);
    double[] weights = doubles(conv.weight());
    Tensor bias = conv.bias();
    double[] biases = bias == null ? new double[out[3]] : doubles(bias);
    double[] y = new double[out[0] * out[1] * out[2] * out[3]];
    for (int i = 0; i < y.length; i++) {
      int channel = i % out[3];
      int firstColumn = i / out[3] % out[2] * shape.strideW() - shape.padBefore();
      int firstRow = i / out[3] / out[2] % out[1] * shape.strideH() - shape.padBefore();
      int firstFrame = i / out[3] / out[2] / out[1] * shape.strideT();
      int groupChannels = in[3] / shape.groups();
      int firstChannel = channel / (out[3] / shape.groups()) * groupChannels;
      double sum = biases[channel];
      int weight = channel * shape.windowSize();
      for (int t = firstFrame; t < firstFrame + shape.kernelT(); t++) {
        for (int row = firstRow; row < firstRow + shape.kernelH(); row++) {
          for (int column = firstColumn; column < firstColumn + shape.kernelW(); column++) {
            boolean inside = row >= 0 && row < in[1] && column >= 0 && column < in[2];
            for (int c = firstChannel; c < firstChannel + groupChannels; c++, weight++) {
              if (inside) {
                sum += weights[weight] * values[((t * in[1] + row) * in[2] + column) * in[3] + c];
              }
            }
          }
        }
      }
      y[i] = sum;
    }
    return y;
  }
}
