package dev.longtake.runtime.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CpuOpsWrongShapesTest {
  private final GuardedTensors tensors = new GuardedTensors();
  private final CpuOps ops = GuardedTensors.usedOps();

  @AfterEach
  void close() {
    ops.close();
    tensors.close();
  }

  @Test
  void linearRefusesInputsOfAnotherWidth() {
    Tensor out = tensors.output(5, 4);
    assertRefused(
        () -> ops.linear(in(5, 2), new Linear(in(4, 3), in(4)), Activation.NONE, out),
        out,
        "[rows, 3]",
        "[5, 2]");
  }

  @Test
  void linearRefusesOutputsOfAnotherShape() {
    Linear weights = new Linear(in(4, 3), in(4));
    for (Tensor out : List.of(tensors.output(5, 3), tensors.output(6, 4), tensors.output(20))) {
      assertRefused(
          () -> ops.linear(in(5, 3), weights, Activation.NONE, out),
          out,
          "[5, 4]",
          out.shape().toString());
    }
  }

  @Test
  void linearRefusesABiasOfAnotherLength() {
    for (int length : new int[] {3, 5}) {
      Tensor out = tensors.output(5, 4);
      assertRefused(
          () -> ops.linear(in(5, 3), new Linear(in(4, 3), in(length)), Activation.NONE, out),
          out,
          "[4]",
          "[" + length + "]");
    }
  }

  @Test
  void convolveRefusesInputsThatItsShapeCannotRead() {
    Tensor out = tensors.output(1, 4, 4, 2);
    Conv conv = conv(ConvShape.same(2, 3, 3, 3));
    assertRefused(
        () -> ops.convolve(in(3, 4, 4, 5), conv, out), out, "[T, H, W, 3]", "[3, 4, 4, 5]");
    assertRefused(() -> ops.convolve(in(3, 4, 3), conv, out), out, "[T, H, W, 3]", "[3, 4, 3]");
    assertRefused(() -> ops.convolve(in(2, 4, 4, 3), conv, out), out, "[2, 4, 4, 3]", "kernelT=3");
  }

  @Test
  void convolveRefusesOutputsOfAnotherShape() {
    Tensor out = tensors.output(2, 4, 4, 2);
    assertRefused(
        () -> ops.convolve(in(3, 4, 4, 3), conv(ConvShape.same(2, 3, 3, 3)), out),
        out,
        "[1, 4, 4, 2]",
        "[2, 4, 4, 2]");
  }

  @Test
  void convolveRefusesWeightsOfAnotherShape() {
    ConvShape shape = ConvShape.same(2, 3, 3, 3);
    for (Tensor weight : List.of(in(2, 27), in(1, 81), in(81, 2))) {
      Tensor out = tensors.output(1, 4, 4, 2);
      assertRefused(
          () -> ops.convolve(in(3, 4, 4, 3), new Conv(shape, weight, in(2)), out),
          out,
          "[2, 81]",
          weight.shape().toString());
    }
    ConvShape overTime = ConvShape.overTime(2, 3, 3, 1);
    Tensor out = tensors.output(1, 1, 1, 2);
    assertRefused(
        () -> ops.convolve(in(3, 1, 1, 3), new Conv(overTime, in(2, 3), in(2)), out),
        out,
        "[2, 9]",
        "[2, 3]");
  }

  @Test
  void convolveRefusesABiasOfAnotherLength() {
    ConvShape shape = ConvShape.same(2, 3, 3, 3);
    for (int length : new int[] {1, 3}) {
      Tensor out = tensors.output(1, 4, 4, 2);
      assertRefused(
          () -> ops.convolve(in(3, 4, 4, 3), new Conv(shape, in(2, 81), in(length)), out),
          out,
          "[2]",
          "[" + length + "]");
    }
  }

  @Test
  void convolveRefusesGroupsInSpace() {
    Tensor out = tensors.output(1, 4, 4, 2);
    ConvShape shape = ConvShape.same(2, 4, 1, 3).withGroups(2);
    assertRefused(() -> ops.convolve(in(1, 4, 4, 4), conv(shape), out), out, "groups");
  }

  @Test
  void attentionRefusesKeysThatDoNotFit() {
    Tensor out = tensors.output(5, 2, 4);
    Tensor q = in(5, 2, 4);
    assertRefused(() -> attend(q, List.of(), List.of(), null, out), out, "0 segments");
    assertRefused(
        () -> attend(q, List.of(in(3, 2, 4)), List.of(), null, out), out, "1 segments", "0 of v");
    assertRefused(
        () -> attend(q, List.of(in(3, 1, 4)), List.of(in(3, 1, 4)), null, out),
        out,
        "[3, 2, 4]",
        "[3, 1, 4]");
    assertRefused(
        () -> attend(q, List.of(in(3, 2, 4)), List.of(in(4, 2, 4)), null, out),
        out,
        "[3, 2, 4]",
        "[4, 2, 4]");
    assertRefused(
        () -> attend(q, List.of(in(0, 2, 4)), List.of(in(0, 2, 4)), null, out), out, "empty");
  }

  @Test
  void attentionRefusesQueriesBiasesAndOutputsThatDoNotFit() {
    List<Tensor> keys = List.of(in(3, 2, 4));
    Tensor out = tensors.output(5, 2, 4);
    assertRefused(
        () -> attend(in(5, 2, 4), keys, keys, in(2, 5, 4), out), out, "[2, 5, 3]", "[2, 5, 4]");
    assertRefused(() -> attend(in(5, 8), keys, keys, null, out), out, "[5, 8]");
    Tensor other = tensors.output(6, 2, 4);
    assertRefused(
        () -> attend(in(5, 2, 4), keys, keys, null, other), other, "[5, 2, 4]", "[6, 2, 4]");
  }

  @Test
  void normsRefuseParametersOfAnotherWidth() {
    Tensor x = in(6, 4);
    Tensor out = tensors.output(6, 4);
    assertRefused(() -> ops.layerNorm(x, in(5), null, 1f, out), out, "[4]", "[5]");
    assertRefused(() -> ops.layerNorm(x, null, in(3), 1f, out), out, "[4]", "[3]");
    assertRefused(() -> ops.rmsNorm(x, in(5), 1f, out), out, "[4]", "[5]");
    assertRefused(() -> ops.channelNorm(x, in(3), Activation.NONE, out), out, "[4]", "[3]");
    assertRefused(
        () -> ops.layerNormModulated(x, in(2, 3), in(2, 3), 1f, out), out, "[2, 4]", "[2, 3]");
    assertRefused(
        () -> ops.layerNormModulated(x, in(2, 4), in(3, 4), 1f, out), out, "[2, 4]", "[3, 4]");
    assertRefused(
        () -> ops.layerNormModulated(x, in(4, 4), in(4, 4), 1f, out), out, "6 rows", "4 groups");
    assertRefused(() -> ops.layerNormModulated(x, in(0, 4), in(0, 4), 1f, out), out, "0 groups");
  }

  @Test
  void operationsRefuseOutputsThatDifferFromTheirInputs() {
    Tensor x = in(6, 4);
    Tensor row = in(4);
    Tensor out = tensors.output(4, 6);
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> ops.layerNorm(x, null, null, 1f, out),
            () -> ops.layerNormModulated(x, in(1, 4), in(1, 4), 1f, out),
            () -> ops.rmsNorm(x, row, 1f, out),
            () -> ops.channelNorm(x, row, Activation.NONE, out),
            () -> ops.activate(x, Activation.SILU, out),
            () -> ops.add(x, x, out),
            () -> ops.multiply(x, x, out),
            () -> ops.addScaled(out, x, 1f),
            () -> ops.addGated(out, x, in(6)),
            () -> ops.scaleShift(x, row, row, out))) {
      assertRefused(call, out, "[6, 4]", "[4, 6]");
    }
  }

  @Test
  void elementwiseOperationsRefuseOperandsThatDiffer() {
    Tensor x = in(6, 4);
    Tensor out = tensors.output(6, 4);
    assertRefused(() -> ops.add(x, in(5, 4), out), out, "[6, 4]", "[5, 4]");
    assertRefused(() -> ops.multiply(x, in(6, 5), out), out, "[6, 4]", "[6, 5]");
    assertRefused(() -> ops.addScaled(out, in(7, 4), 1f), out, "[6, 4]", "[7, 4]");
    assertRefused(() -> ops.addGated(out, x, in(5)), out, "[4]", "[5]");
    assertRefused(() -> ops.addRow(out, in(5)), out, "[4]", "[5]");
    assertRefused(() -> ops.scaleShift(x, in(4), in(3), out), out, "[4]", "[3]");
    assertRefused(() -> ops.copy(in(5, 4), out), out, "[5, 4]", "[6, 4]");
  }

  @Test
  void ropeRefusesAnglesThatDoNotFit() {
    Tensor x = in(6, 2, 4);
    Tensor out = tensors.output(6, 2, 4);
    assertRefused(() -> ops.rope(x, in(6, 4), in(6, 4), out), out, "[6, 2]", "[6, 4]");
    assertRefused(() -> ops.rope(x, in(6, 2), in(5, 2), out), out, "[6, 2]", "[5, 2]");
    assertRefused(() -> ops.rope(in(12, 4), in(12, 2), in(12, 2), out), out, "[12, 4]");
  }

  @Test
  void ropeRefusesAnOddHeadWidth() {
    Tensor out = tensors.output(6, 2, 3);
    assertRefused(() -> ops.rope(in(6, 2, 3), in(6, 1), in(6, 1), out), out, "[6, 2, 3]");
  }

  @Test
  void layoutsRefuseShapesThatDoNotFit() {
    Tensor out = tensors.output(1, 4, 6, 1);
    assertRefused(() -> ops.unpatchify(in(1, 2, 3, 8), out), out, "[1, 4, 6, 2]", "[1, 4, 6, 1]");
    assertRefused(() -> ops.unpatchify(in(1, 2, 3, 6), out), out, "[1, 2, 3, 6]");
    assertRefused(() -> ops.unpatchify(in(2, 3, 4), out), out, "[2, 3, 4]");
    assertRefused(() -> ops.upsample2x(in(1, 2, 2, 1), out), out, "[1, 4, 4, 1]", "[1, 4, 6, 1]");
    assertRefused(() -> ops.upsample2x(in(2, 3, 1), out), out, "[2, 3, 1]");
  }

  @Test
  void copyColumnsRefusesColumnsThatAreNotThere() {
    Tensor out = tensors.output(6, 3);
    assertRefused(() -> ops.copyColumns(in(6, 4), 2, out), out, "2", "5", "[6, 4]");
    assertRefused(() -> ops.copyColumns(in(6, 4), -1, out), out, "-1", "[6, 4]");
    assertRefused(() -> ops.copyColumns(in(5, 4), 0, out), out, "[5, 4]", "[6, 3]");
  }

  @Test
  void putColumnsRefusesColumnsThatAreNotThere() {
    Tensor out = tensors.output(6, 4);
    assertRefused(() -> ops.putColumns(in(6, 3), out, 2), out, "2", "5", "[6, 4]");
    assertRefused(() -> ops.putColumns(in(6, 3), out, -1), out, "-1", "[6, 4]");
    assertRefused(() -> ops.putColumns(in(5, 3), out, 0), out, "[5, 3]", "[6, 4]");
  }

  @Test
  void refusesTensorsThatAreNotInHostMemory() {
    Tensor planned = new Arena("planned", new PlannedBlock()).tensor(DType.FP32, 6, 4);
    Tensor out = tensors.output(6, 4);
    assertRefused(() -> ops.add(planned, in(6, 4), out), out, "host memory");
    assertRefused(() -> ops.add(in(6, 4), planned, out), out, "host memory");
  }

  private Tensor in(int... extents) {
    return tensors.random(extents);
  }

  private Conv conv(ConvShape shape) {
    return new Conv(shape, in(shape.outChannels(), shape.windowSize()), in(shape.outChannels()));
  }

  private void attend(Tensor q, List<Tensor> k, List<Tensor> v, Tensor bias, Tensor out) {
    ops.attention(q, k, v, 1f, bias, out);
  }

  /** Asserts that a call is refused with a message that names all parts, and wrote nothing. */
  private static void assertRefused(ThrowingCallable call, Tensor out, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(parts);
    float[] values = GuardedTensors.read(out);
    assertThat(IntStream.range(0, values.length).allMatch(i -> Float.isNaN(values[i])))
        .as("nothing was written")
        .isTrue();
  }
}
