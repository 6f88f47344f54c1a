package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.tensor.DeviceTensor;
import org.jspecify.annotations.Nullable;

/** Launches {@code attention_general.cu}: any type, head widths up to 512, with or without bias. */
final class GeneralAttentionKernel {
  private static final int BLOCK_THREADS = 128;
  private static final int BLOCK_QUERIES = BLOCK_THREADS / 32;
  private static final int MAX_HEAD_WIDTH = 512;

  private final Kernels kernels;

  GeneralAttentionKernel(KernelModules modules) {
    this.kernels = modules.load("attention_general");
  }

  /** {@code out} may be {@code q}. */
  void launch(
      CudaStream stream,
      DeviceTensor q,
      KeySegments segments,
      float scale,
      @Nullable DeviceTensor bias,
      DeviceTensor out) {
    int queries = q.shape().extent(0);
    int heads = q.shape().extent(1);
    int headWidth = q.shape().extent(2);
    checkArgument(
        headWidth <= MAX_HEAD_WIDTH,
        "heads are at most %s wide, but these are %s",
        MAX_HEAD_WIDTH,
        headWidth);
    KernelArgs args = segments.addTo(kernels.args().pointer(q.memory()));
    Kernels.pointer(args, bias)
        .pointer(out.memory())
        .int32(queries)
        .int32(heads)
        .int32(headWidth)
        .float32(scale);
    LaunchShape shape =
        new LaunchShape(
            Kernels.ceilDiv(queries, BLOCK_QUERIES),
            heads,
            1,
            BLOCK_THREADS,
            BLOCK_QUERIES * headWidth * Float.BYTES);
    kernels.function("attention_general", q).launch(stream, shape, args);
  }
}
