package dev.longtake.runtime.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * A kernel of a {@link CudaModule}, valid for as long as the module. Not safe for use by several
 * threads: all launches go through one parameter buffer.
 */
public final class CudaFunction {
  private final String name;
  private final CudaDevice device;
  private final CUfunction function;

  // The driver copies the parameters during the call, so one buffer serves all launches.
  private final ByteBuffer parameters =
      ByteBuffer.allocateDirect(KernelArgs.MAX_BYTES).order(ByteOrder.nativeOrder());
  private final ByteBuffer parameterBytes =
      ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder());
  private final Pointer launchParameters =
      Pointer.to(
          JCudaDriver.CU_LAUNCH_PARAM_BUFFER_POINTER,
          Pointer.to(parameters),
          JCudaDriver.CU_LAUNCH_PARAM_BUFFER_SIZE,
          Pointer.to(parameterBytes),
          JCudaDriver.CU_LAUNCH_PARAM_END);

  CudaFunction(String name, CudaDevice device, CUfunction function) {
    this.name = name;
    this.device = device;
    this.function = function;
  }

  /** Returns the kernel's name in the source. */
  public String name() {
    return name;
  }

  /**
   * Allows launches with more dynamic shared memory than 48 KiB.
   *
   * @return this
   * @throws CudaException if the GPU has less than {@code sharedBytes} for a block
   */
  public CudaFunction allowSharedBytes(int sharedBytes) {
    int result =
        JCudaDriver.cuFuncSetAttribute(
            function,
            CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
            sharedBytes);
    CudaException.check(result, "Shared memory for " + name, device, sharedBytes);
    return this;
  }

  /**
   * Queues a launch and does not wait for it. The arguments are copied; the memory they point to
   * must live until the stream has passed the launch.
   *
   * @param args must match the kernel's C signature, which nobody can check
   * @throws CudaException if the driver refuses the launch, or an earlier one has failed
   */
  public void launch(CudaStream stream, LaunchShape shape, KernelArgs args) {
    args.copyTo(parameters);
    parameterBytes.putLong(0, args.bytes());
    boolean packed = args.isPacked();
    int result =
        JCudaDriver.cuLaunchKernel(
            function,
            shape.gridX(),
            shape.gridY(),
            shape.gridZ(),
            shape.threads(),
            1,
            1,
            shape.sharedBytes(),
            stream.handle(),
            packed ? null : pointers(args),
            packed ? launchParameters : null);
    if (result != CUresult.CUDA_SUCCESS) {
      throw CudaException.ofDriver(result, "Launch of " + name, device, shape.toString());
    }
  }

  /** Returns an array of pointers to the parameters, which the driver then places by itself. */
  private Pointer pointers(KernelArgs args) {
    Pointer first = Pointer.to(parameters);
    Pointer[] each = new Pointer[args.count()];
    Arrays.setAll(each, i -> first.withByteOffset(args.offset(i)));
    return Pointer.to(each);
  }
}
