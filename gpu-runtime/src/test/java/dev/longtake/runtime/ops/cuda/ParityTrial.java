package dev.longtake.runtime.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.cuda.AlgorithmChoice;
import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaDriver;
import dev.longtake.runtime.cuda.NativeLibraries;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.DeviceBlock;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.ops.cpu.CpuOps;
import dev.longtake.runtime.tensor.Bf16;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Fp16;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One operation on the GPU and on the CPU, on the same numbers. Around every tensor on the GPU lie
 * guard values, which must be there still when this is closed.
 */
final class ParityTrial implements AutoCloseable {
  private static final long HOST_BYTES = 4L << 30;
  private static final long DEVICE_BYTES = 2L << 30;
  private static final long WORKSPACE_BYTES = ScratchBytes.FIXED + (512L << 20);
  private static final int GUARD_VALUES = 256;
  private static final float GUARD = 12_345;
  private static final int CPU_THREADS = Runtime.getRuntime().availableProcessors();

  private final Random random;
  private final CudaContext context;
  private final DeviceBlock deviceMemory;
  private final DeviceBlock workspace;
  private final HostBlock hostMemory;
  private final Arena device;
  private final Arena host;
  private final CudaOps gpu;
  private final CpuOps cpu;
  private final List<Tensor> guards = new ArrayList<>();

  /**
   * A tensor on both sides.
   *
   * @param device of the type under test
   * @param host fp32, with the same numbers
   */
  record Pair(DeviceTensor device, Tensor host) {
    /** Returns both sides' outermost elements from {@code first} on. */
    Pair slice(int first, int count) {
      return new Pair(device.slice(first, count), host.slice(first, count));
    }
  }

  /** Picks the side of a pair that is computed on at the moment. */
  interface Side {
    Tensor of(Pair pair);

    default @Nullable Tensor ofNullable(@Nullable Pair pair) {
      return pair == null ? null : of(pair);
    }
  }

  /** What is tried. */
  interface Trial {
    void run(Ops ops, Side side);
  }

  private ParityTrial(long seed) {
    this.random = new Random(seed);
    this.context = CudaContext.open(CudaDriver.load().device(0));
    this.deviceMemory = DeviceBlock.reserve(context, DEVICE_BYTES);
    this.workspace = DeviceBlock.reserve(context, WORKSPACE_BYTES);
    this.hostMemory = HostBlock.reserve(HOST_BYTES);
    this.device = new Arena("device", deviceMemory);
    this.host = new Arena("host", hostMemory);
    this.gpu =
        CudaOps.open(
            context, new NativeLibraries(null), AlgorithmChoice.FIRST, DType.FP8_E4M3, workspace);
    this.cpu = new CpuOps(CPU_THREADS, new PlannedBlock());
  }

  /** Opens the first GPU; a machine without one fails here. */
  static ParityTrial open(long seed) {
    return new ParityTrial(seed);
  }

  CudaOps gpu() {
    return gpu;
  }

  CudaContext context() {
    return context;
  }

  /**
   * Returns normally distributed numbers, rounded to the type first so that both sides see them.
   */
  Pair input(DType dtype, int... extents) {
    return input(1, dtype, extents);
  }

  /** As {@link #input(DType, int...)}, with another standard deviation. */
  Pair input(double deviation, DType dtype, int... extents) {
    float[] values = new float[Math.toIntExact(Shape.of(extents).elements())];
    for (int i = 0; i < values.length; i++) {
      float value = (float) (random.nextGaussian() * deviation);
      values[i] = round(value, dtype);
    }
    return of(values, dtype, extents);
  }

  /** Returns these numbers. */
  Pair of(float[] values, DType dtype, int... extents) {
    Pair pair = new Pair(guarded(dtype, extents), host.tensor(DType.FP32, extents));
    gpu.upload(values, 0, pair.device());
    cpu.upload(values, 0, pair.host());
    return pair;
  }

  /** Returns tensors full of NaNs, to be written. */
  Pair output(DType dtype, int... extents) {
    float[] poison = new float[Math.toIntExact(Shape.of(extents).elements())];
    Arrays.fill(poison, Float.NaN);
    return of(poison, dtype, extents);
  }

  /** Runs on both sides. */
  void run(Trial trial) {
    trial.run(gpu, Pair::device);
    trial.run(cpu, Pair::host);
  }

  /** Returns Σ(gpu − cpu)² / Σ cpu²; NaN if any number is. */
  double nmse(Pair pair) {
    return nmse(read(gpu, pair.device()), read(cpu, pair.host()));
  }

  static double nmse(float[] actual, float[] expected) {
    double errors = 0;
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      double error = (double) actual[i] - expected[i];
      errors += error * error;
      squares += (double) expected[i] * expected[i];
    }
    return errors / squares;
  }

  static float[] read(Ops ops, Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.shape().elements())];
    ops.download(tensor, values, 0);
    return values;
  }

  private DeviceTensor guarded(DType dtype, int... extents) {
    int count = Math.toIntExact(Shape.of(extents).elements());
    DeviceTensor all = DeviceTensor.of(device.tensor(dtype, count + 2 * GUARD_VALUES));
    guard(all.slice(0, GUARD_VALUES));
    guard(all.slice(GUARD_VALUES + count, GUARD_VALUES));
    return all.slice(GUARD_VALUES, count).reshape(extents);
  }

  private static float round(float value, DType dtype) {
    return switch (dtype) {
      case BF16 -> Bf16.round(value);
      case FP16 -> Fp16.round(value);
      default -> value;
    };
  }

  private void guard(Tensor tensor) {
    gpu.fill(tensor, GUARD);
    guards.add(tensor);
  }

  /** Checks the guards, and frees everything. */
  @Override
  public void close() {
    try {
      for (Tensor guard : guards) {
        float kept = round(GUARD, guard.dtype());
        assertThat(read(gpu, guard)).as("values beside a tensor").containsOnly(kept);
      }
    } finally {
      cpu.close();
      gpu.close();
      hostMemory.close();
      workspace.close();
      deviceMemory.close();
      context.close();
    }
  }
}
