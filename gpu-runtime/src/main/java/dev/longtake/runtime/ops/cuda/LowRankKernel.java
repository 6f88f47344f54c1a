package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.tensor.DeviceTensor;

/** Launches {@code low_rank.cu}. Shapes have been checked by {@link CudaUploads}. */
final class LowRankKernel {
  private static final int BLOCK_THREADS = 256;
  private static final int BLOCK_ROWS = 16;

  private final Kernels kernels;

  LowRankKernel(KernelModules modules) {
    this.kernels = modules.load("low_rank");
  }

  /** Queues w = round(w + factor·b·a). */
  void add(CudaStream stream, DeviceTensor w, DeviceTensor b, DeviceTensor a, float factor) {
    int rows = w.shape().extent(0);
    int width = w.shape().extent(1);
    KernelArgs args =
        kernels
            .args()
            .pointer(w.memory())
            .pointer(b.memory())
            .pointer(a.memory())
            .float32(factor)
            .int32(rows)
            .int32(width)
            .int32(a.shape().extent(0));
    LaunchShape shape =
        new LaunchShape(
            Kernels.ceilDiv(width, BLOCK_THREADS),
            Kernels.ceilDiv(rows, BLOCK_ROWS),
            1,
            BLOCK_THREADS,
            0);
    kernels.function("add_low_rank", w).launch(stream, shape, args);
  }
}
