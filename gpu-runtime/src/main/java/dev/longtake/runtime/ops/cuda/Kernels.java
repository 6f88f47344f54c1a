package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaFunction;
import dev.longtake.runtime.cuda.CudaModule;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The kernels of one source file by name. Where a kernel exists for several types, its name ends
 * with them: {@code add_f32_bf16_f32}.
 */
final class Kernels {
  /** Elements that a thread handles at once, and their alignment. */
  static final int PACK = 8;

  private static final int PACK_ALIGNMENT_BYTES = 16;

  private final CudaModule module;
  private final Map<String, CudaFunction> functions = new HashMap<>();
  private final KernelArgs args = new KernelArgs();

  Kernels(CudaModule module) {
    this.module = module;
  }

  /** Returns a kernel by its whole name. */
  CudaFunction function(String name) {
    return functions.computeIfAbsent(name, module::function);
  }

  /** Returns a kernel for tensors of these types. */
  CudaFunction function(String name, DeviceTensor... tensors) {
    StringBuilder typed = new StringBuilder(name);
    for (DeviceTensor tensor : tensors) {
      typed.append('_').append(suffix(tensor.dtype()));
    }
    return function(typed.toString());
  }

  /** Returns an empty list of arguments, the same one every time. */
  KernelArgs args() {
    return args.reset();
  }

  /** Adds a tensor's address, or null. */
  static KernelArgs pointer(KernelArgs args, @Nullable DeviceTensor tensor) {
    return tensor == null ? args.nullPointer() : args.pointer(tensor.memory());
  }

  /** Returns 1 if all tensors are aligned to 16 bytes, else 0; null tensors are. */
  static int packed(@Nullable DeviceTensor... tensors) {
    for (DeviceTensor tensor : tensors) {
      if (tensor != null && tensor.address() % PACK_ALIGNMENT_BYTES != 0) {
        return 0;
      }
    }
    return 1;
  }

  /** As {@link #packed}, and 0 also if {@code width} is not a multiple of 8. */
  static int packedRows(int width, @Nullable DeviceTensor... tensors) {
    return width % PACK == 0 ? packed(tensors) : 0;
  }

  /** Returns the number by which {@code values.cuh} knows an activation. */
  static int code(Activation activation) {
    return switch (activation) {
      case NONE -> 0;
      case SILU -> 1;
      case GELU_ERF -> 2;
      case GELU_TANH -> 3;
    };
  }

  static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }

  private static String suffix(DType dtype) {
    return switch (dtype) {
      case FP32 -> "f32";
      case FP16 -> "f16";
      case BF16 -> "bf16";
      default ->
          throw new IllegalArgumentException(
              "kernels compute with FP32, FP16 and BF16, not with " + dtype);
    };
  }
}
