package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/**
 * Host memory that the GPU reads and writes by itself, owned: whoever reserves it closes it.
 *
 * <p>At most 2 GiB a piece, the limit of a Java buffer.
 */
public final class PinnedMemory implements AutoCloseable {
  private static final int USABLE_BY_ALL_CONTEXTS = 1; // CU_MEMHOSTALLOC_PORTABLE

  private final CudaContext context;
  private final Pointer pointer;
  private final ByteBuffer buffer;
  private boolean closed;

  private PinnedMemory(CudaContext context, Pointer pointer, ByteBuffer buffer) {
    this.context = context;
    this.pointer = pointer;
    this.buffer = buffer;
  }

  /**
   * Reserves and pins host memory, which is slow: do it once.
   *
   * @param bytes at least 1
   * @throws CudaException if the host has not enough
   */
  public static PinnedMemory reserve(CudaContext context, int bytes) {
    checkArgument(bytes > 0, "bytes must be positive, but was %s", bytes);
    context.makeCurrent();
    Pointer pointer = new Pointer();
    int result = JCudaDriver.cuMemHostAlloc(pointer, bytes, USABLE_BY_ALL_CONTEXTS);
    CudaException.check(result, "cuMemHostAlloc", context.device(), bytes);
    ByteBuffer buffer = pointer.getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
    return new PinnedMemory(context, pointer, buffer);
  }

  /** Returns how many bytes there are. */
  public int bytes() {
    return buffer.capacity();
  }

  /**
   * Returns all of the memory, in this machine's byte order; valid until this is closed. Use
   * absolute access only, the position is shared.
   */
  public ByteBuffer buffer() {
    return buffer;
  }

  /** Gives the memory back; no copy from or to it may be pending. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.makeCurrent();
      CudaException.check(
          JCudaDriver.cuMemFreeHost(pointer), "cuMemFreeHost", context.device(), bytes());
    }
  }

  Pointer pointer(long offsetBytes, long lengthBytes) {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, bytes());
    return offsetBytes == 0 ? pointer : pointer.withByteOffset(offsetBytes);
  }
}
