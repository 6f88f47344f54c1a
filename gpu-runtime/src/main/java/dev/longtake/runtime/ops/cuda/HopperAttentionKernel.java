package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaFunction;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.tensor.DeviceTensor;

/** Launches {@code attention_sm90.cu}: bf16, heads 128 wide, on GPUs of compute capability 9.0. */
final class HopperAttentionKernel {
  private static final int HEAD_WIDTH = 128;
  private static final int BLOCK_THREADS = 384;
  private static final int BLOCK_QUERIES = 192;
  private static final int BLOCK_KEYS = 64;
  private static final int STAGES = 3;
  private static final int BF16_BYTES = 2;
  private static final int ALIGNMENT_BYTES = 1024;

  private final CudaFunction function;
  private final KernelArgs args = new KernelArgs();

  HopperAttentionKernel(KernelModules modules) {
    this.function =
        modules.load("attention_sm90").function("attention_128").allowSharedBytes(sharedBytes());
  }

  /** Returns whether this is the kernel for tensors that {@link AttentionKernels} supports. */
  static boolean suits(DeviceTensor q) {
    return q.shape().extent(2) == HEAD_WIDTH;
  }

  /** {@code out} may be {@code q}. */
  void launch(
      CudaStream stream, DeviceTensor q, KeySegments segments, float scale, DeviceTensor out) {
    int queries = q.shape().extent(0);
    int heads = q.shape().extent(1);
    segments
        .addTo(args.reset().pointer(q.memory()))
        .pointer(out.memory())
        .int32(queries)
        .int32(heads)
        .float32(scale);
    LaunchShape shape =
        new LaunchShape(
            Kernels.ceilDiv(queries, BLOCK_QUERIES), heads, 1, BLOCK_THREADS, sharedBytes());
    function.launch(stream, shape, args);
  }

  /** Queries, some blocks of keys and values, and what aligning them may cost. */
  static int sharedBytes() {
    return (BLOCK_QUERIES + 2 * STAGES * BLOCK_KEYS) * HEAD_WIDTH * BF16_BYTES + ALIGNMENT_BYTES;
  }
}
