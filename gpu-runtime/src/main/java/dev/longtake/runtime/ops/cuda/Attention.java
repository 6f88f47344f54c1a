package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.AttentionShape;
import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.CudnnAttention;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code attention}: cuDNN or our kernel for large ones ({@link LargeAttention}), our kernels for
 * the tensor cores or for fp32 for the others that they take, and a slow one for the rest.
 */
final class Attention {
  private static final int LARGE_HEAD_WIDTH = 128;

  // A plan of cuDNN's takes up to seconds to make, so it must be worth it.
  private static final long LARGE_MIN_SCORES = 1L << 20;

  private final CudaStream stream;
  private final Arena workspace;
  private final @Nullable CudnnAttention cudnn;
  private final AttentionKernels kernels;
  private final @Nullable HopperAttentionKernel hopper;
  private final @Nullable HopperBf16AttentionKernel large;
  private final Fp32AttentionKernel fp32;
  private final GeneralAttentionKernel general;
  private LargeAttention preferred = LargeAttention.DEFAULT;

  /**
   * Loads the kernels.
   *
   * @param cudnn the library's attention, or null to do without
   */
  Attention(
      CudaContext context,
      CudaStream stream,
      Arena workspace,
      @Nullable CudnnAttention cudnn,
      KernelModules modules) {
    this.stream = stream;
    this.workspace = workspace;
    this.cudnn = cudnn;
    this.kernels = new AttentionKernels(modules);
    this.hopper = modules.areForHopper() ? new HopperAttentionKernel(modules) : null;
    this.large = modules.areForHopper() ? new HopperBf16AttentionKernel(context, modules) : null;
    this.fp32 = new Fp32AttentionKernel(modules);
    this.general = new GeneralAttentionKernel(modules);
  }

  void prefer(LargeAttention choice) {
    preferred = choice;
  }

  void attend(
      Tensor q, List<Tensor> k, List<Tensor> v, float scale, @Nullable Tensor bias, Tensor out) {
    checkArgument(q.shape().rank() == 3, "q must be [Sq, N, D], but was %s", q.shape());
    KeySegments segments = KeySegments.of(q, k, v);
    out.require("out", q.dtype(), q.shape());
    DeviceTensor queries = DeviceTensor.of(q);
    DeviceTensor result = DeviceTensor.of(out);
    if (bias != null) {
      int heads = q.shape().extent(1);
      bias.require("bias", q.dtype(), Shape.of(heads, q.shape().extent(0), segments.total()));
      general.launch(stream, queries, segments, scale, DeviceTensor.of(bias), result);
    } else if (Fp32AttentionKernel.supports(queries, segments)) {
      fp32.launch(stream, queries, segments, scale, result);
    } else if (!AttentionKernels.supports(queries, segments)) {
      general.launch(stream, queries, segments, scale, null, result);
    } else if (large != null && preferred == LargeAttention.OWN && isLarge(q, segments)) {
      try (Arena.Scope scope = workspace.scope()) {
        Tensor partial = workspace.tensor(DType.FP32, HopperBf16AttentionKernel.PARTIAL);
        large.launch(stream, queries, segments, scale, result, DeviceTensor.of(partial));
      }
    } else if (cudnn != null && isLarge(q, segments)) {
      attendByLibrary(cudnn, queries, segments, scale, result);
    } else if (hopper != null && HopperAttentionKernel.suits(queries)) {
      hopper.launch(stream, queries, segments, scale, result);
    } else {
      kernels.launch(stream, queries, segments, scale, result);
    }
  }

  private static boolean isLarge(Tensor q, KeySegments segments) {
    return q.shape().extent(2) == LARGE_HEAD_WIDTH
        && segments.keys().size() == 1
        && (long) q.shape().extent(0) * segments.total() >= LARGE_MIN_SCORES;
  }

  /** cuDNN must not write over the queries, so its results may take a detour. */
  private void attendByLibrary(
      CudnnAttention library, DeviceTensor q, KeySegments segments, float scale, DeviceTensor out) {
    try (Arena.Scope scope = workspace.scope()) {
      boolean detour = Overlap.of(q, out);
      int bytes = Math.toIntExact(ScratchBytes.align(q.bytes()));
      DeviceTensor result = detour ? DeviceTensor.of(workspace.tensor(DType.UINT8, bytes)) : out;
      library.attend(
          stream,
          new AttentionShape(
              q.shape().extent(0), segments.total(), q.shape().extent(1), q.shape().extent(2)),
          q.memory(),
          segments.keys().get(0).memory(),
          segments.values().get(0).memory(),
          scale,
          result.memory().part(0, q.bytes()));
      if (detour) {
        stream.copy(result.memory().part(0, q.bytes()), out.memory());
      }
    }
  }
}
