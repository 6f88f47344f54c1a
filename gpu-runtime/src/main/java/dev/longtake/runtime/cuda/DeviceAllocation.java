package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.util.Locale;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** Device memory, owned: whoever allocates it closes it. Aligned to at least 256 bytes. */
public final class DeviceAllocation implements AutoCloseable {
  private static final double GIB = 1L << 30;

  private final CudaContext context;
  private final DeviceMemory memory;
  private boolean closed;

  private DeviceAllocation(CudaContext context, DeviceMemory memory) {
    this.context = context;
    this.memory = memory;
  }

  /**
   * Allocates device memory; its bytes have no particular value.
   *
   * @param bytes at least 1
   * @throws LongtakeException OUT_OF_MEMORY if the GPU has not enough left
   */
  public static DeviceAllocation reserve(CudaContext context, long bytes) {
    checkArgument(bytes > 0, "bytes must be positive, but was %s", bytes);
    context.makeCurrent();
    DeviceAddress address = new DeviceAddress();
    int result = JCudaDriver.cuMemAlloc(address, bytes);
    if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      throw outOfMemory(context, bytes);
    }
    CudaException.check(result, "cuMemAlloc", context.device(), bytes);
    return new DeviceAllocation(context, new DeviceMemory(address.value(), bytes));
  }

  /** Returns all of the memory; valid until this is closed. */
  public DeviceMemory memory() {
    return memory;
  }

  /** Waits for the GPU and gives the memory back. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.makeCurrent();
      CudaException.check(
          JCudaDriver.cuMemFree(DeviceAddress.of(memory)), "cuMemFree", context.device());
    }
  }

  private static LongtakeException outOfMemory(CudaContext context, long bytes) {
    return new LongtakeException(
        ErrorCode.OUT_OF_MEMORY,
        String.format(
            Locale.ROOT,
            "%s refused %.2f GiB: %.2f of its %.2f GiB are free. End what else uses the GPU, or "
                + "choose a smaller size, fewer lanes or a strategy that needs less.",
            context.device(),
            bytes / GIB,
            context.freeBytes() / GIB,
            context.device().totalBytes() / GIB));
  }
}
