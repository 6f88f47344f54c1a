package dev.longtake.runtime.cuda;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.driver.JITOptions;

/** Kernels that the driver has compiled for one GPU. Owned by whoever loaded it. */
public final class CudaModule implements AutoCloseable {
  private static final int LOG_BYTES = 16 * 1024;

  private final String name;
  private final CudaDevice device;
  private final CUmodule module;
  private boolean closed;

  private CudaModule(String name, CudaDevice device, CUmodule module) {
    this.name = name;
    this.device = device;
    this.module = module;
  }

  /**
   * Compiles PTX and waits for it; the driver keeps the result in its cache on disk.
   *
   * @param name what the file is called, for messages
   * @throws LongtakeException DEVICE_UNAVAILABLE if the driver refuses it, with the compiler's log
   */
  public static CudaModule load(CudaContext context, String name, String ptx) {
    context.makeCurrent();
    CUmodule module = new CUmodule();
    JITOptions options = new JITOptions();
    byte[] log = new byte[LOG_BYTES];
    options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, log);
    options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
    byte[] bytes = ptx.getBytes(StandardCharsets.UTF_8);
    byte[] terminated = Arrays.copyOf(bytes, bytes.length + 1);
    int result = JCudaDriver.cuModuleLoadDataJIT(module, Pointer.to(terminated), options);
    if (result != CUresult.CUDA_SUCCESS) {
      throw refused(context.device(), name, result, options);
    }
    return new CudaModule(name, context.device(), module);
  }

  /**
   * Returns a kernel.
   *
   * @param kernel its name in the source, declared {@code extern "C"}
   * @throws CudaException if the module has none of this name
   */
  public CudaFunction function(String kernel) {
    CUfunction function = new CUfunction();
    int result = JCudaDriver.cuModuleGetFunction(function, module, kernel);
    CudaException.check(result, "Looking up " + kernel + " in " + name, device);
    return new CudaFunction(kernel, device, function);
  }

  /** Unloads the kernels; no launch of them may be pending. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CudaException.check(JCudaDriver.cuModuleUnload(module), "Unloading " + name, device);
    }
  }

  private static LongtakeException refused(
      CudaDevice device, String name, int result, JITOptions options) {
    String log = options.getString(CUjit_option.CU_JIT_ERROR_LOG_BUFFER);
    String advice =
        result == CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION
            ? "Install a newer NVIDIA driver; this one is older than the kernels."
            : "The kernels need compute capability 8.0 or newer, and the file must be intact.";
    return new LongtakeException(
        ErrorCode.DEVICE_UNAVAILABLE,
        "The driver cannot compile %s for %s: %s (%d). %s%s"
            .formatted(
                name,
                device,
                CUresult.stringFor(result),
                result,
                advice,
                log == null || log.isBlank() ? "" : " Its log: " + log.strip()));
  }
}
