package dev.longtake.runtime.cuda;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.util.Set;
import jcuda.driver.CUresult;

/** A call into the driver or a GPU library that did not succeed. */
public final class CudaException extends LongtakeException {
  private static final long serialVersionUID = 1L;

  /** After one of these, every further call on the device fails as well. */
  private static final Set<String> BREAKDOWNS =
      Set.of(
          "CUDA_ERROR_ILLEGAL_ADDRESS",
          "CUDA_ERROR_LAUNCH_TIMEOUT",
          "CUDA_ERROR_LAUNCH_FAILED",
          "CUDA_ERROR_ASSERT",
          "CUDA_ERROR_HARDWARE_STACK_ERROR",
          "CUDA_ERROR_ILLEGAL_INSTRUCTION",
          "CUDA_ERROR_MISALIGNED_ADDRESS",
          "CUDA_ERROR_INVALID_ADDRESS_SPACE",
          "CUDA_ERROR_INVALID_PC",
          "CUDA_ERROR_ECC_UNCORRECTABLE",
          "CUDA_ERROR_NVLINK_UNCORRECTABLE",
          "CUDA_ERROR_CONTEXT_IS_DESTROYED",
          "CUDA_ERROR_UNKNOWN");

  private final int result;

  private CudaException(ErrorCode code, String message, int result) {
    super(code, message);
    this.result = result;
  }

  /** Returns the number that the call returned: a {@code CUresult} or a library's status. */
  public int result() {
    return result;
  }

  /**
   * Checks a driver call that has no arguments worth naming.
   *
   * @param call what was done, for example {@code "cuStreamSynchronize"}
   * @param where on what, for example {@code "GPU 0"}
   */
  static void check(int result, String call, Object where) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw ofDriver(result, call, where, "");
    }
  }

  /** Checks a driver call that has a number of bytes as its argument. */
  static void check(int result, String call, Object where, long bytes) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw ofDriver(result, call, where, bytes + " bytes");
    }
  }

  /**
   * Returns a failed driver call.
   *
   * @param arguments the call's arguments, or an empty string
   */
  static CudaException ofDriver(int result, String call, Object where, String arguments) {
    return of(result, CUresult.stringFor(result), call, where, arguments);
  }

  /**
   * Returns a failed call.
   *
   * @param name what the library calls {@code result}
   */
  static CudaException of(int result, String name, String call, Object where, String arguments) {
    String message =
        "%s failed with %s (%d) on %s%s"
            .formatted(
                call, name, result, where, arguments.isEmpty() ? "." : ": " + arguments + ".");
    return new CudaException(blame(name), message, result);
  }

  private static ErrorCode blame(String name) {
    if (BREAKDOWNS.contains(name)) {
      return ErrorCode.DEVICE_FAULT;
    }
    if (name.contains("OUT_OF_MEMORY") || name.contains("ALLOC_FAILED")) {
      return ErrorCode.OUT_OF_MEMORY;
    }
    boolean ourMistake = name.contains("INVALID_VALUE") || name.contains("BAD_PARAM");
    return ourMistake ? ErrorCode.ENGINE_FAULT : ErrorCode.DEVICE_UNAVAILABLE;
  }
}
