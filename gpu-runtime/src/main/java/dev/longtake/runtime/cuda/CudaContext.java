package dev.longtake.runtime.cuda;

import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * This process's share of a GPU: the primary context, which the libraries use too.
 *
 * <p>The driver works for the context that is current on the calling thread, so a thread that uses
 * anything made from this must call {@link #makeCurrent()} once before.
 */
public final class CudaContext implements AutoCloseable {
  private final CudaDevice device;
  private final CUdevice driverDevice;
  private final CUcontext context;
  private boolean closed;

  private CudaContext(CudaDevice device, CUdevice driverDevice, CUcontext context) {
    this.device = device;
    this.driverDevice = driverDevice;
    this.context = context;
  }

  /**
   * Retains the primary context and makes it current on the calling thread; close the result.
   *
   * @throws CudaException if the GPU cannot be used, for example because it is set to prohibited
   */
  public static CudaContext open(CudaDevice device) {
    CUdevice driverDevice = new CUdevice();
    CudaException.check(
        JCudaDriver.cuDeviceGet(driverDevice, device.ordinal()), "cuDeviceGet", device);
    CUcontext primary = new CUcontext();
    CudaException.check(
        JCudaDriver.cuDevicePrimaryCtxRetain(primary, driverDevice),
        "cuDevicePrimaryCtxRetain",
        device);
    CudaContext context = new CudaContext(device, driverDevice, primary);
    try {
      context.makeCurrent();
    } catch (CudaException e) {
      context.close();
      throw e;
    }
    return context;
  }

  /** Makes this the context that the calling thread's driver calls mean. */
  public void makeCurrent() {
    CudaException.check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent", device);
  }

  /** Returns the GPU. */
  public CudaDevice device() {
    return device;
  }

  /** Returns how many bytes of the GPU nobody has allocated at the moment. */
  public long freeBytes() {
    makeCurrent();
    long[] free = new long[1];
    long[] total = new long[1];
    CudaException.check(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo", device);
    return free[0];
  }

  /** Returns whether the GPU could read and write the other's memory by itself. */
  public boolean canReach(CudaContext other) {
    int[] can = new int[1];
    CudaException.check(
        JCudaDriver.cuDeviceCanAccessPeer(can, driverDevice, other.driverDevice),
        "cuDeviceCanAccessPeer of " + other.device,
        device);
    return can[0] != 0;
  }

  /**
   * Lets the GPU read and write the other's memory by itself from now on; once is enough.
   *
   * @throws CudaException if {@link #canReach} is false, or the driver refuses
   */
  public void reach(CudaContext other) {
    makeCurrent();
    int result = JCudaDriver.cuCtxEnablePeerAccess(other.context, 0);
    if (result != CUresult.CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED) {
      CudaException.check(result, "cuCtxEnablePeerAccess to " + other.device, device);
    }
  }

  CUcontext handle() {
    return context;
  }

  /** Waits until everything queued on any stream of this context is done. */
  public void synchronize() {
    makeCurrent();
    CudaException.check(JCudaDriver.cuCtxSynchronize(), "cuCtxSynchronize", device);
  }

  /** Gives the context back; everything made from it must be closed before. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CudaException.check(
          JCudaDriver.cuDevicePrimaryCtxRelease(driverDevice), "cuDevicePrimaryCtxRelease", device);
    }
  }
}
