package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaFunction;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;

/** Launches {@code attention_fp32.cu}: fp32 heads 64 wide, one segment of keys, no bias. */
final class Fp32AttentionKernel {
  private static final int HEAD_WIDTH = 64;
  private static final int TILE = 64;
  private static final int BLOCK_THREADS = 256;
  private static final int SHARED_BYTES = 4 * TILE * (TILE + 4) * Float.BYTES;

  private final Kernels kernels;

  Fp32AttentionKernel(KernelModules modules) {
    this.kernels = modules.load("attention_fp32");
    function().allowSharedBytes(SHARED_BYTES);
  }

  /** Returns whether there is a kernel for these tensors. */
  static boolean supports(DeviceTensor q, KeySegments segments) {
    return q.dtype() == DType.FP32
        && q.shape().extent(2) == HEAD_WIDTH
        && segments.keys().size() == 1
        && Kernels.packed(q) == 1
        && segments.isAligned();
  }

  /** {@code out} may be {@code q}. */
  void launch(
      CudaStream stream, DeviceTensor q, KeySegments segments, float scale, DeviceTensor out) {
    int queries = q.shape().extent(0);
    int heads = q.shape().extent(1);
    KernelArgs args =
        kernels
            .args()
            .pointer(q.memory())
            .pointer(segments.keys().get(0).memory())
            .pointer(segments.values().get(0).memory())
            .pointer(out.memory())
            .int32(queries)
            .int32(segments.total())
            .int32(heads)
            .float32(scale);
    LaunchShape shape =
        new LaunchShape(Kernels.ceilDiv(queries, TILE), heads, 1, BLOCK_THREADS, SHARED_BYTES);
    function().launch(stream, shape, args);
  }

  private CudaFunction function() {
    return kernels.function("attention_fp32_64");
  }
}
