package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import org.jspecify.annotations.Nullable;

/**
 * Launches the kernels of {@code normalization.cu}; {@code out} has been checked to be as {@code
 * x}.
 */
final class NormKernels {
  private static final int WARP = 32;
  private static final int MAX_THREADS = 1024;

  // Few threads that load much each were the fastest: 4 packs, the most that fit in registers.
  private static final int PACKS_PER_THREAD = 4;

  private final Kernels kernels;

  NormKernels(KernelModules modules) {
    this.kernels = modules.load("normalization");
  }

  void layerNorm(
      CudaStream stream,
      DeviceTensor x,
      @Nullable DeviceTensor weight,
      @Nullable DeviceTensor bias,
      float epsilon,
      DeviceTensor out) {
    DeviceTensor typed = weight != null ? weight : bias != null ? bias : x;
    int width = x.shape().extent(-1);
    KernelArgs args = kernels.args().pointer(x.memory());
    Kernels.pointer(args, weight);
    Kernels.pointer(args, bias)
        .pointer(out.memory())
        .int32(width)
        .float32(epsilon)
        .int32(Kernels.packedRows(width, x, weight, bias, out));
    kernels.function("layer_norm", x, typed, out).launch(stream, shape(x), args);
  }

  void layerNormModulated(
      CudaStream stream,
      DeviceTensor x,
      DeviceTensor scale,
      DeviceTensor shift,
      float epsilon,
      DeviceTensor out) {
    int width = x.shape().extent(-1);
    int rows = x.shape().rows();
    int groups = scale.shape().extent(0);
    scale.require("scale", scale.dtype(), Shape.of(groups, width));
    shift.require("shift", scale.dtype(), scale.shape());
    checkArgument(
        groups > 0 && rows % groups == 0, "%s rows cannot be dealt over %s groups", rows, groups);
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(scale.memory())
            .pointer(shift.memory())
            .pointer(out.memory())
            .int32(width)
            .int32(rows / groups)
            .float32(epsilon)
            .int32(Kernels.packedRows(width, x, scale, shift, out));
    kernels.function("layer_norm_modulated", x, scale, out).launch(stream, shape(x), args);
  }

  void rmsNorm(
      CudaStream stream, DeviceTensor x, DeviceTensor weight, float epsilon, DeviceTensor out) {
    int width = x.shape().extent(-1);
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(weight.memory())
            .pointer(out.memory())
            .int32(width)
            .float32(epsilon)
            .int32(Kernels.packedRows(width, x, weight, out));
    kernels.function("rms_norm", x, weight, out).launch(stream, shape(x), args);
  }

  private static LaunchShape shape(DeviceTensor x) {
    int packs = Kernels.ceilDiv(x.shape().extent(-1), Kernels.PACK);
    int warps = Kernels.ceilDiv(packs, PACKS_PER_THREAD * WARP);
    return new LaunchShape(x.shape().rows(), Math.min(MAX_THREADS, warps * WARP), 0);
  }
}
