package dev.longtake.runtime.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;

/**
 * Tensors that show when an operation leaves its bounds: directly before and behind each lie NaNs,
 * which spoil every result that they are read into, and which {@link #close()} expects unchanged.
 * Inputs, too, must be unchanged by then.
 */
final class GuardedTensors implements AutoCloseable {
  private static final long SEED = 20_240_229;
  private static final long MEMORY_BYTES = 512L << 20;

  /** As many as keep the tensor between them aligned. */
  private static final int GUARD_VALUES = Arena.ALIGNMENT_BYTES / Float.BYTES;

  private static final int GUARD_BITS = 0x7FC0_ACA1;
  private static final float POISON = Float.NaN;

  /** Enough for several tasks of each thread. */
  private static final int USED_VALUES = 1 << 19;

  /** More than one, as the second thread starts late. */
  private static final int USES = 6;

  private final HostBlock memory = HostBlock.reserve(MEMORY_BYTES);
  private final Arena arena = new Arena("guarded tensors", memory);
  private final Random random = new Random(SEED);
  private final List<FloatBuffer> guards = new ArrayList<>();
  private final List<Input> inputs = new ArrayList<>();

  private record Input(Tensor tensor, FloatBuffer values) {}

  /**
   * Returns operations on two threads whose working memory is full of NaNs, as after other work;
   * they take nothing from their workspace.
   */
  static CpuOps usedOps() {
    CpuOps ops = new CpuOps(2, new PlannedBlock());
    try (HostBlock memory = HostBlock.reserve(USED_VALUES * 3L * Float.BYTES)) {
      Arena arena = new Arena("used", memory);
      Tensor values = arena.tensor(DType.FP32, USED_VALUES, 1, 1, 1);
      Tensor out = arena.tensor(DType.FP32, USED_VALUES, 1, 1, 1);
      ops.fill(values, POISON);
      for (int i = 0; i < USES; i++) {
        ops.add(values, values, out); // rows
      }
      int window = 128;
      Conv conv =
          new Conv(
              ConvShape.overTime(1, 1, window, window),
              values.slice(0, window).reshape(1, window),
              null);
      ops.convolve(values, conv, out.slice(0, USED_VALUES / window)); // tiles
    }
    return ops;
  }

  /** Returns an input with values between -1 and 1. */
  Tensor random(int... extents) {
    return input(() -> random.nextFloat() * 2 - 1, extents);
  }

  /**
   * Returns an input of whole numbers from -3 to 3. Sums of fewer than 2^20 products of them are
   * exact in fp32, in any order.
   */
  Tensor integers(int... extents) {
    return input(() -> random.nextInt(7) - 3, extents);
  }

  /** Returns an input with these values. */
  Tensor of(float[] values, int... extents) {
    Tensor tensor = guarded(Shape.of(extents));
    HostTensor.of(tensor).values().put(0, values);
    inputs.add(new Input(tensor, FloatBuffer.wrap(values.clone())));
    return tensor;
  }

  /** Returns a tensor full of NaNs, to be written. */
  Tensor output(int... extents) {
    Tensor tensor = guarded(Shape.of(extents));
    float[] poison = new float[Math.toIntExact(tensor.shape().elements())];
    Arrays.fill(poison, POISON);
    HostTensor.of(tensor).values().put(0, poison);
    return tensor;
  }

  /** Returns a tensor with an input's values that may be written. */
  Tensor copyOf(Tensor input) {
    Tensor tensor = guarded(input.shape());
    HostTensor.of(tensor).values().put(0, read(input));
    return tensor;
  }

  /** Returns a tensor's values. */
  static float[] read(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.shape().elements())];
    HostTensor.of(tensor).values().get(0, values);
    return values;
  }

  @Override
  public void close() {
    try {
      for (FloatBuffer guard : guards) {
        for (int i = 0; i < guard.capacity(); i++) {
          assertThat(Float.floatToRawIntBits(guard.get(i)))
              .as("value %s beside a tensor", i)
              .isEqualTo(GUARD_BITS);
        }
      }
      for (Input input : inputs) {
        assertThat(FloatBuffer.wrap(read(input.tensor()))).as("an input").isEqualTo(input.values());
      }
    } finally {
      memory.close();
    }
  }

  private Tensor input(DoubleSupplier values, int... extents) {
    float[] all = new float[Math.toIntExact(Shape.of(extents).elements())];
    for (int i = 0; i < all.length; i++) {
      all[i] = (float) values.getAsDouble();
    }
    return of(all, extents);
  }

  private Tensor guarded(Shape shape) {
    int count = Math.toIntExact(shape.elements());
    Tensor all = arena.tensor(DType.FP32, count + 2 * GUARD_VALUES);
    guard(all.slice(0, GUARD_VALUES));
    guard(all.slice(GUARD_VALUES + count, GUARD_VALUES));
    return all.slice(GUARD_VALUES, count).reshape(shape.toArray());
  }

  private void guard(Tensor tensor) {
    FloatBuffer values = HostTensor.of(tensor).values();
    for (int i = 0; i < values.capacity(); i++) {
      values.put(i, Float.intBitsToFloat(GUARD_BITS));
    }
    guards.add(values);
  }
}
