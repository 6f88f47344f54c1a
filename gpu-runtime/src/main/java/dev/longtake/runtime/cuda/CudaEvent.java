package dev.longtake.runtime.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** A point in a stream, for ordering streams and for timing. */
public final class CudaEvent implements AutoCloseable {
  private final CudaDevice device;
  private final CUevent handle;
  private boolean closed;

  private CudaEvent(CudaDevice device, CUevent handle) {
    this.device = device;
    this.handle = handle;
  }

  /** Creates an event that remembers when it happened; close the result. */
  public static CudaEvent open(CudaContext context) {
    context.makeCurrent();
    return open(context.device());
  }

  /** Creates an event in the context that is current on this thread. */
  static CudaEvent open(CudaDevice device) {
    CUevent handle = new CUevent();
    int result = JCudaDriver.cuEventCreate(handle, CUevent_flags.CU_EVENT_DEFAULT);
    CudaException.check(result, "cuEventCreate", device);
    return new CudaEvent(device, handle);
  }

  /** Queues this event; it happens when everything queued before it is done. */
  public void record(CudaStream stream) {
    CudaException.check(
        JCudaDriver.cuEventRecord(handle, stream.handle()), "cuEventRecord", device);
  }

  /** Waits until the event has happened. */
  public void synchronize() {
    CudaException.check(JCudaDriver.cuEventSynchronize(handle), "Waiting for an event", device);
  }

  /** Returns whether the event has happened, or was never queued. */
  public boolean hasHappened() {
    int result = JCudaDriver.cuEventQuery(handle);
    if (result == CUresult.CUDA_ERROR_NOT_READY) {
      return false;
    }
    CudaException.check(result, "cuEventQuery", device);
    return true;
  }

  /** Returns the milliseconds from this event to {@code end}; both must have happened. */
  public float millisUntil(CudaEvent end) {
    float[] millis = new float[1];
    int result = JCudaDriver.cuEventElapsedTime(millis, handle, end.handle);
    CudaException.check(result, "cuEventElapsedTime", device);
    return millis[0];
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CudaException.check(JCudaDriver.cuEventDestroy(handle), "cuEventDestroy", device);
    }
  }

  CUevent handle() {
    return handle;
  }
}
