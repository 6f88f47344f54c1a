package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * Work on a GPU that is carried out in the order it was queued. Nothing waits except {@link
 * #synchronize()} and {@link #close()}.
 */
public final class CudaStream implements AutoCloseable {
  private final CudaDevice device;
  private final Handle handle;
  private boolean closed;

  private CudaStream(CudaDevice device, Handle handle) {
    this.device = device;
    this.handle = handle;
  }

  /** Creates a stream that does not wait for the default stream; close the result. */
  public static CudaStream open(CudaContext context) {
    context.makeCurrent();
    Handle handle = new Handle();
    int result = JCudaDriver.cuStreamCreate(handle, CUstream_flags.CU_STREAM_NON_BLOCKING);
    CudaException.check(result, "cuStreamCreate", context.device());
    return new CudaStream(context.device(), handle);
  }

  /** Queues a copy from pinned memory, which must not be changed before it has happened. */
  public void upload(PinnedMemory source, long sourceOffsetBytes, DeviceMemory target) {
    int result =
        JCudaDriver.cuMemcpyHtoDAsync(
            DeviceAddress.of(target),
            source.pointer(sourceOffsetBytes, target.bytes()),
            target.bytes(),
            handle);
    CudaException.check(result, "cuMemcpyHtoDAsync", device, target.bytes());
  }

  /** Queues a copy to pinned memory, which must not be read before it has happened. */
  public void download(DeviceMemory source, PinnedMemory target, long targetOffsetBytes) {
    int result =
        JCudaDriver.cuMemcpyDtoHAsync(
            target.pointer(targetOffsetBytes, source.bytes()),
            DeviceAddress.of(source),
            source.bytes(),
            handle);
    CudaException.check(result, "cuMemcpyDtoHAsync", device, source.bytes());
  }

  /** Queues a copy from pinned memory, which must not be changed before it has happened. */
  public void upload(PinnedRange source, DeviceMemory target) {
    checkArgument(
        source.bytes() == target.bytes(), "cannot copy %s bytes to %s", source.bytes(), target);
    upload(source.memory(), source.offsetBytes(), target);
  }

  /** Queues a copy to pinned memory, which must not be read before it has happened. */
  public void download(DeviceMemory source, PinnedRange target) {
    checkArgument(
        source.bytes() == target.bytes(), "cannot copy %s to %s bytes", source, target.bytes());
    download(source, target.memory(), target.offsetBytes());
  }

  /** Queues a copy between ranges of equal length that do not overlap. */
  public void copy(DeviceMemory source, DeviceMemory target) {
    checkArgument(
        source.bytes() == target.bytes(), "cannot copy range %s to range %s", source, target);
    int result =
        JCudaDriver.cuMemcpyDtoDAsync(
            DeviceAddress.of(target), DeviceAddress.of(source), source.bytes(), handle);
    CudaException.check(result, "cuMemcpyDtoDAsync", device, source.bytes());
  }

  /**
   * Queues a copy to another GPU: directly where {@link CudaContext#reach} was called, else the
   * driver takes it through host memory of its own.
   *
   * @param source of {@code sourceContext}
   * @param target of {@code targetContext}, equally long
   */
  public void copy(
      DeviceMemory source,
      CudaContext sourceContext,
      DeviceMemory target,
      CudaContext targetContext) {
    checkArgument(
        source.bytes() == target.bytes(), "cannot copy range %s to range %s", source, target);
    int result =
        JCudaDriver.cuMemcpyPeerAsync(
            DeviceAddress.of(target),
            targetContext.handle(),
            DeviceAddress.of(source),
            sourceContext.handle(),
            source.bytes(),
            handle);
    CudaException.check(result, "cuMemcpyPeerAsync", device, source.bytes());
  }

  /** Queues setting every byte. */
  public void fill8(DeviceMemory target, byte value) {
    int result =
        JCudaDriver.cuMemsetD8Async(DeviceAddress.of(target), value, target.bytes(), handle);
    CudaException.check(result, "cuMemsetD8Async", device, target.bytes());
  }

  /** Queues setting every 2 bytes; the range must be a multiple of that. */
  public void fill16(DeviceMemory target, short value) {
    checkMultiple(target, Short.BYTES);
    int result =
        JCudaDriver.cuMemsetD16Async(
            DeviceAddress.of(target), value, target.bytes() / Short.BYTES, handle);
    CudaException.check(result, "cuMemsetD16Async", device, target.bytes());
  }

  /** Queues setting every 4 bytes; the range must be a multiple of that. */
  public void fill32(DeviceMemory target, int value) {
    checkMultiple(target, Integer.BYTES);
    int result =
        JCudaDriver.cuMemsetD32Async(
            DeviceAddress.of(target), value, target.bytes() / Integer.BYTES, handle);
    CudaException.check(result, "cuMemsetD32Async", device, target.bytes());
  }

  /** Lets what is queued from now on begin only when {@code event} has happened. */
  public void waitFor(CudaEvent event) {
    int result = JCudaDriver.cuStreamWaitEvent(handle, event.handle(), 0);
    CudaException.check(result, "cuStreamWaitEvent", device);
  }

  /**
   * Waits until everything queued so far is done.
   *
   * @throws CudaException also if anything queued earlier has failed
   */
  public void synchronize() {
    CudaException.check(JCudaDriver.cuStreamSynchronize(handle), "Waiting for queued work", device);
  }

  /** Returns the GPU that this stream is on. */
  public CudaDevice device() {
    return device;
  }

  /** Waits for everything queued, then destroys the stream. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      synchronize();
    } finally {
      CudaException.check(JCudaDriver.cuStreamDestroy(handle), "cuStreamDestroy", device);
    }
  }

  CUstream handle() {
    return handle;
  }

  /** Returns the {@code cudaStream_t} that the libraries take. */
  long address() {
    return handle.value();
  }

  private static void checkMultiple(DeviceMemory memory, int bytes) {
    checkArgument(
        memory.bytes() % bytes == 0, "range %s is not a multiple of %s bytes", memory, bytes);
  }

  /** JCuda's stream, whose address can be read. */
  private static final class Handle extends CUstream {
    long value() {
      return getNativePointer();
    }
  }
}
