package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.cuda.CudaDevice;
import dev.longtake.runtime.engine.forecast.DeviceSpeed;
import dev.longtake.runtime.engine.forecast.KnownGpu;

/** Says how fast a GPU is: by its name or, where that is not known, like one of its kind. */
final class GpuSpeed {
  private GpuSpeed() {}

  static DeviceSpeed of(CudaDevice device) {
    return KnownGpu.calledByDriver(device.name())
        .map(KnownGpu::speed)
        .orElseGet(() -> likeItsKind(device));
  }

  /** Takes the speed of a known GPU of the same generation, multiprocessor for multiprocessor. */
  private static DeviceSpeed likeItsKind(CudaDevice device) {
    Kind kind = kind(device);
    double share = (double) device.multiprocessors() / kind.multiprocessors();
    DeviceSpeed known = kind.gpu().speed();
    return new DeviceSpeed(
        share * known.gemmTflops(),
        share * known.fp8GemmTflops(),
        share * known.attentionTflops(),
        share * known.fp8AttentionTflops(),
        share * known.convolutionTflops(),
        share * known.memoryGbps(),
        known.hostGbps(),
        known.hostGbps(),
        true,
        "%d multiprocessors like those of %s"
            .formatted(device.multiprocessors(), kind.gpu().label()));
  }

  private record Kind(KnownGpu gpu, int multiprocessors) {}

  private static Kind kind(CudaDevice device) {
    if (device.isAtLeast(12, 0)) {
      return new Kind(KnownGpu.RTX_5090, 170);
    }
    if (device.isAtLeast(9, 0)) {
      return new Kind(KnownGpu.H100, 132);
    }
    if (device.isAtLeast(8, 9)) {
      return new Kind(KnownGpu.RTX_4090, 128);
    }
    return device.isAtLeast(8, 6) ? new Kind(KnownGpu.RTX_3090, 82) : new Kind(KnownGpu.A100, 108);
  }
}
