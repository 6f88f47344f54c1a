package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.engine.forecast.DeviceSpeed;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.cpu.CpuOps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Measures what the processor can do, once a process, in some hundredths of a second. */
final class CpuSpeed {
  private static final int SIDE = 512;
  private static final int CHANNELS = 16;
  private static final int CONV_SIDE = 64;
  private static final int REPEATS = 3;
  private static final int ARENA_BYTES = 16 << 20;
  private static final double TERA_NANOS = 1e3; // operations a nanosecond to 10¹² a second

  private static final Map<Integer, DeviceSpeed> OF_THIS_PROCESS = new ConcurrentHashMap<>();

  private CpuSpeed() {}

  /** Returns the speed of so many threads, measured when it is first asked for. */
  static DeviceSpeed of(int threads) {
    return OF_THIS_PROCESS.computeIfAbsent(threads, CpuSpeed::measure);
  }

  /**
   * Measures a matrix product, a convolution and a copy. Attention is taken to be as fast as the
   * product: nothing is chosen by it, because all strategies attend alike.
   */
  private static DeviceSpeed measure(int threads) {
    try (HostBlock block = HostBlock.reserve(ARENA_BYTES);
        CpuOps ops = new CpuOps(threads, block)) {
      Arena memory = ops.workspace();
      Tensor x = memory.tensor(DType.FP32, SIDE, SIDE);
      Tensor weight = memory.tensor(DType.FP32, SIDE, SIDE);
      Tensor out = memory.tensor(DType.FP32, SIDE, SIDE);
      ops.fill(x, 1f);
      ops.fill(weight, 1f);
      Linear linear = new Linear(weight, null);
      double products = nanos(() -> ops.linear(x, linear, Activation.NONE, out));
      Conv conv = new Conv(ConvShape.same(CHANNELS, CHANNELS, 3, 3), weight(memory), null);
      Tensor video = memory.tensor(DType.FP32, 3, CONV_SIDE, CONV_SIDE, CHANNELS);
      Tensor frame = memory.tensor(DType.FP32, 1, CONV_SIDE, CONV_SIDE, CHANNELS);
      ops.fill(video, 1f);
      double convolutions = nanos(() -> ops.convolve(video, conv, frame));
      double copies = nanos(() -> ops.copy(x, out));
      double tflops = 2.0 * SIDE * SIDE * SIDE / products / TERA_NANOS;
      double convolutionFlops = 2.0 * conv.shape().windowSize() * frame.shape().elements();
      double copyGbps = x.bytes() / copies; // bytes a nanosecond
      return new DeviceSpeed(
          tflops,
          0,
          tflops,
          tflops,
          convolutionFlops / convolutions / TERA_NANOS,
          2 * copyGbps,
          copyGbps,
          copyGbps,
          false,
          "measured in this process");
    }
  }

  private static Tensor weight(Arena memory) {
    return memory.tensor(DType.FP32, CHANNELS, 3 * 3 * 3 * CHANNELS);
  }

  /** Returns the nanoseconds of the fastest of some runs, behind one to warm up. */
  private static double nanos(Runnable work) {
    work.run();
    long fastest = Long.MAX_VALUE;
    for (int i = 0; i < REPEATS; i++) {
      long started = System.nanoTime();
      work.run();
      fastest = Math.min(fastest, System.nanoTime() - started);
    }
    return Math.max(1, fastest);
  }
}
