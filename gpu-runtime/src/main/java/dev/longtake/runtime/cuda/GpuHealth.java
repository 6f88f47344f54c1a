package dev.longtake.runtime.cuda;

import dev.longtake.runtime.api.DeviceHealth;
import dev.longtake.runtime.api.DeviceLoad;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Watches over a GPU: tries it once, and listens for Xids from then on. */
public final class GpuHealth implements DeviceHealth {
  private static final Logger LOG = LoggerFactory.getLogger(GpuHealth.class);
  private static final int VALUES = 1 << 20;
  private static final double PERCENT = 100;

  private final CudaDevice device;
  private final Nvml nvml;
  private final Optional<XidEvents> xids;

  private GpuHealth(CudaDevice device, Nvml nvml, Optional<XidEvents> xids) {
    this.device = device;
    this.nvml = nvml;
    this.xids = xids;
  }

  /**
   * Sends 4 MiB there and back, and begins to listen; close the result.
   *
   * @throws LongtakeException DEVICE_FAULT if that fails
   */
  public static GpuHealth watch(CudaDevice device, NativeLibraries libraries) {
    Nvml nvml = Nvml.open(libraries);
    try {
      Optional<XidEvents> xids = nvml.listen(device);
      if (xids.isEmpty()) {
        LOG.warn(
            "The driver reports no Xids of {}: only failing calls show that it breaks", device);
      }
      tryOut(device);
      return new GpuHealth(device, nvml, xids);
    } catch (CudaException e) {
      nvml.close();
      throw new LongtakeException(
          ErrorCode.DEVICE_FAULT, "%s does not work: %s".formatted(device, e.getMessage()), e);
    } catch (RuntimeException e) {
      nvml.close();
      throw e;
    }
  }

  private static void tryOut(CudaDevice device) {
    int[] sent = new int[VALUES];
    Arrays.setAll(sent, i -> i);
    int[] received = new int[VALUES];
    long bytes = (long) VALUES * Integer.BYTES;
    try (CudaContext context = CudaContext.open(device);
        DeviceAllocation allocation = DeviceAllocation.reserve(context, bytes)) {
      DeviceAddress address = DeviceAddress.of(allocation.memory());
      CudaException.check(
          JCudaDriver.cuMemcpyHtoD(address, Pointer.to(sent), bytes),
          "cuMemcpyHtoD",
          device,
          bytes);
      CudaException.check(
          JCudaDriver.cuMemcpyDtoH(Pointer.to(received), address, bytes),
          "cuMemcpyDtoH",
          device,
          bytes);
    }
    int wrong = Arrays.mismatch(sent, received);
    if (wrong >= 0) {
      throw new LongtakeException(
          ErrorCode.DEVICE_FAULT,
          "%s was sent %d and gave %d back.".formatted(device, sent[wrong], received[wrong]));
    }
  }

  @Override
  public void check() {
    xids.ifPresent(XidEvents::check);
  }

  @Override
  public List<DeviceLoad> load() {
    long usedBytes = said(() -> nvml.usedBytes(device), DeviceLoad.UNKNOWN.usedBytes());
    double utilization =
        said(() -> nvml.utilisationPercent(device) / PERCENT, DeviceLoad.UNKNOWN.utilization());
    return List.of(new DeviceLoad(usedBytes, utilization));
  }

  /** A part of a GPU, or a virtual one, may not say, nor does one that has fallen off the bus. */
  private static <T> T said(Supplier<T> question, T otherwise) {
    try {
      return question.get();
    } catch (CudaException e) {
      return otherwise;
    }
  }

  @Override
  public void close() {
    xids.ifPresent(XidEvents::close);
    nvml.close();
  }
}
