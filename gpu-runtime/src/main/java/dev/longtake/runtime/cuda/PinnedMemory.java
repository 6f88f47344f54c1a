package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.Objects;
import jcuda.Pointer;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * Host memory that the GPU reads and writes by itself, owned: whoever reserves it closes it.
 *
 * <p>Only what is at most 2 GiB can be seen as a Java buffer.
 */
public final class PinnedMemory implements AutoCloseable {
  private static final int USABLE_BY_ALL_CONTEXTS = 1; // CU_MEMHOSTALLOC_PORTABLE

  private static final double GIB = 1L << 30;

  private final CudaContext context;
  private final Pointer pointer;
  private final long bytes;
  private boolean closed;

  private PinnedMemory(CudaContext context, Pointer pointer, long bytes) {
    this.context = context;
    this.pointer = pointer;
    this.bytes = bytes;
  }

  /**
   * Reserves and pins host memory, which is slow: do it once.
   *
   * @param bytes at least 1
   * @throws LongtakeException DEVICE_UNAVAILABLE if the host has not enough
   */
  public static PinnedMemory reserve(CudaContext context, long bytes) {
    checkArgument(bytes > 0, "bytes must be positive, but was %s", bytes);
    context.makeCurrent();
    Pointer pointer = new Pointer();
    int result = JCudaDriver.cuMemHostAlloc(pointer, bytes, USABLE_BY_ALL_CONTEXTS);
    if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      throw new LongtakeException(
          ErrorCode.DEVICE_UNAVAILABLE,
          String.format(
              Locale.ROOT,
              "The host refused to pin %.2f GiB of memory for %s. Free memory, raise the limit on "
                  + "locked memory, use fewer lanes, or let more stay on the GPU.",
              bytes / GIB,
              context.device()));
    }
    CudaException.check(result, "cuMemHostAlloc", context.device(), bytes);
    return new PinnedMemory(context, pointer, bytes);
  }

  /** Returns how many bytes there are. */
  public long bytes() {
    return bytes;
  }

  /**
   * Returns all of the memory, in this machine's byte order; valid until this is closed. Use
   * absolute access only.
   *
   * @throws IllegalStateException if it is more than 2 GiB
   */
  public ByteBuffer buffer() {
    checkState(bytes <= Integer.MAX_VALUE, "%s bytes are too many for a buffer", bytes);
    return pointer.getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
  }

  /** Gives the memory back; no copy from or to it may be pending. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.makeCurrent();
      CudaException.check(
          JCudaDriver.cuMemFreeHost(pointer), "cuMemFreeHost", context.device(), bytes);
    }
  }

  Pointer pointer(long offsetBytes, long lengthBytes) {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, bytes);
    return offsetBytes == 0 ? pointer : pointer.withByteOffset(offsetBytes);
  }
}
