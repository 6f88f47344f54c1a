package dev.longtake.runtime.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Results are the same to the last bit, however many threads compute them. */
class ThreadCountTest {
  private final GuardedTensors tensors = new GuardedTensors();

  @AfterEach
  void close() {
    tensors.close();
  }

  @Test
  void linear() {
    Tensor x = tensors.random(700, 300);
    Linear weights = new Linear(tensors.random(257, 300), tensors.random(257));
    checkSame((ops, out) -> ops.linear(x, weights, Activation.GELU_TANH, out), 700, 257);
  }

  @Test
  void convolveInSpace() {
    ConvShape shape = ConvShape.same(24, 16, 3, 3);
    Conv conv = conv(shape);
    Tensor x = tensors.random(6, 19, 37, 16);
    checkSame((ops, out) -> ops.convolve(x, conv, out), 4, 19, 37, 24);
  }

  @Test
  void convolveOverTime() {
    Conv conv = conv(ConvShape.overTime(32, 32, 64, 1).withGroups(4));
    Tensor x = tensors.random(600, 1, 1, 32);
    checkSame((ops, out) -> ops.convolve(x, conv, out), 537, 1, 1, 32);
  }

  @Test
  void attention() {
    Tensor q = tensors.random(150, 3, 16);
    List<Tensor> keys = List.of(tensors.random(33, 3, 16), tensors.random(300, 3, 16));
    Tensor bias = tensors.random(3, 150, 333);
    checkSame((ops, out) -> ops.attention(q, keys, keys, 0.25f, bias, out), 150, 3, 16);
  }

  @Test
  void norms() {
    Tensor x = tensors.random(1000, 129);
    Tensor row = tensors.random(129);
    Tensor scale = tensors.random(4, 129);
    checkSame((ops, out) -> ops.layerNorm(x, row, row, 1e-6f, out), 1000, 129);
    checkSame((ops, out) -> ops.layerNormModulated(x, scale, scale, 1e-6f, out), 1000, 129);
    checkSame((ops, out) -> ops.rmsNorm(x, row, 1e-6f, out), 1000, 129);
    checkSame((ops, out) -> ops.channelNorm(x, row, Activation.SILU, out), 1000, 129);
  }

  @Test
  void elementwiseAndRope() {
    Tensor x = tensors.random(300, 3, 128);
    Tensor angles = tensors.random(300, 64);
    checkSame((ops, out) -> ops.rope(x, angles, angles, out), 300, 3, 128);
    checkSame((ops, out) -> ops.activate(x, Activation.GELU_ERF, out), 300, 3, 128);
    checkSame((ops, out) -> ops.multiply(x, x, out), 300, 3, 128);
  }

  private Conv conv(ConvShape shape) {
    return new Conv(
        shape,
        tensors.random(shape.outChannels(), shape.windowSize()),
        tensors.random(shape.outChannels()));
  }

  private void checkSame(BiConsumer<Ops, Tensor> operation, int... extents) {
    float[] expected = compute(1, operation, extents);
    assertThat(expected).doesNotContain(Float.NaN);
    for (int threads = 2; threads <= 3; threads++) {
      // assertThat compares floats by their bits.
      assertThat(compute(threads, operation, extents))
          .as("%s threads", threads)
          .isEqualTo(expected);
    }
  }

  private float[] compute(int threads, BiConsumer<Ops, Tensor> operation, int... extents) {
    Tensor out = tensors.output(extents);
    try (CpuOps ops = new CpuOps(threads, new PlannedBlock())) {
      operation.accept(ops, out);
    }
    return GuardedTensors.read(out);
  }
}
