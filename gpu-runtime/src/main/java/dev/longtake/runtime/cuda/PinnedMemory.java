package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import com.sun.jna.Memory;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.LongStream;
import jcuda.Pointer;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Host memory that the GPU reads and writes by itself, owned: whoever reserves it closes it.
 *
 * <p>Only what is at most 2 GiB can be seen as a Java buffer.
 */
public final class PinnedMemory implements AutoCloseable {
  private static final int USABLE_BY_ALL_CONTEXTS = 1; // CU_MEMHOSTREGISTER_PORTABLE

  private static final long PAGE_BYTES = 4096;
  private static final long TOUCHED_TOGETHER_BYTES = 64L << 20;
  private static final double GIB = 1L << 30;

  private final CudaContext context;
  private final Memory reserved;
  private final long start;
  private final HostAddress pointer;
  private final long bytes;
  private boolean closed;

  private PinnedMemory(CudaContext context, Memory reserved, long start, long bytes) {
    this.context = context;
    this.reserved = reserved;
    this.start = start;
    this.pointer = new HostAddress(com.sun.jna.Pointer.nativeValue(reserved) + start);
    this.bytes = bytes;
  }

  /**
   * Reserves and pins host memory, which is slow: do it once.
   *
   * @param bytes at least 1
   * @throws LongtakeException OUT_OF_HOST_MEMORY if the host has not enough
   */
  public static PinnedMemory reserve(CudaContext context, long bytes) {
    checkArgument(bytes > 0, "bytes must be positive, but was %s", bytes);
    context.makeCurrent();
    Memory reserved = allocate(context, bytes + PAGE_BYTES);
    long misaligned = com.sun.jna.Pointer.nativeValue(reserved) % PAGE_BYTES;
    PinnedMemory memory =
        new PinnedMemory(context, reserved, misaligned == 0 ? 0 : PAGE_BYTES - misaligned, bytes);
    memory.touch();
    int result = JCudaDriver.cuMemHostRegister(memory.pointer, bytes, USABLE_BY_ALL_CONTEXTS);
    if (result != CUresult.CUDA_SUCCESS) {
      reserved.close();
    }
    if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      throw refused(context, bytes, null);
    }
    CudaException.check(result, "cuMemHostRegister", context.device(), bytes);
    return memory;
  }

  private static Memory allocate(CudaContext context, long bytes) {
    try {
      return new Memory(bytes);
    } catch (OutOfMemoryError e) {
      throw refused(context, bytes, e);
    }
  }

  private static LongtakeException refused(
      CudaContext context, long bytes, @Nullable OutOfMemoryError cause) {
    return new LongtakeException(
        ErrorCode.OUT_OF_HOST_MEMORY,
        String.format(
            Locale.ROOT,
            "The host refused to pin %.2f GiB of memory for %s. Free memory, raise the limit on "
                + "locked memory, use fewer lanes, or let more stay on the GPU.",
            bytes / GIB,
            context.device()),
        cause);
  }

  /** Makes the pages be there, on all processors: pinning would do it on one. */
  private void touch() {
    long parts = (bytes + TOUCHED_TOGETHER_BYTES - 1) / TOUCHED_TOGETHER_BYTES;
    LongStream.range(0, parts)
        .map(part -> part * TOUCHED_TOGETHER_BYTES)
        .parallel()
        .forEach(
            first ->
                reserved.setMemory(
                    start + first, Math.min(TOUCHED_TOGETHER_BYTES, bytes - first), (byte) 0));
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
    return reserved.getByteBuffer(start, bytes).order(ByteOrder.nativeOrder());
  }

  /** Gives the memory back; no copy from or to it may be pending. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.makeCurrent();
      CudaException.check(
          JCudaDriver.cuMemHostUnregister(pointer), "cuMemHostUnregister", context.device(), bytes);
      reserved.close();
    }
  }

  Pointer pointer(long offsetBytes, long lengthBytes) {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, bytes);
    return offsetBytes == 0 ? pointer : pointer.withByteOffset(offsetBytes);
  }
}
