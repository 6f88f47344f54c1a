package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.CudaDevice;
import dev.longtake.runtime.cuda.CudaFunction;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.ops.KvCache;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;

/**
 * Launches {@code attention_fp8_sm90.cu}: attention to packed keys and values, heads 128 wide, on
 * GPUs of compute capability 9.0.
 */
final class HopperFp8AttentionKernel {
  /** Fp32; what {@link #launch} needs for sums of parts. */
  static final Shape PARTIAL = Shape.of(AttentionCut.MAX_PARTS, 130, 128);

  private static final int HEAD_WIDTH = 128;
  private static final int BLOCK_THREADS = 384;
  private static final int BLOCK_QUERIES = 128;
  private static final int BLOCK_KEYS = 128;
  private static final int STAGES = 4;
  private static final int COMBINING_THREADS = 256;
  private static final int COMBINING_BLOCKS = 16; // an item, with a warp for each query

  private final int multiprocessors;
  private final CudaFunction attention;
  private final CudaFunction combination;
  private final KernelArgs args = new KernelArgs();

  HopperFp8AttentionKernel(CudaDevice device, KernelModules modules) {
    Kernels kernels = modules.load("attention_fp8_sm90");
    this.multiprocessors = device.multiprocessors();
    this.attention = kernels.function("attention_fp8_128").allowSharedBytes(sharedBytes());
    this.combination = kernels.function("combine_fp8_128");
  }

  /** Returns whether {@link #launch} takes these. */
  static boolean supports(DeviceTensor q, DeviceTensor keys, DeviceTensor values) {
    return q.dtype() == DType.BF16
        && keys.dtype() == DType.FP8_E4M3
        && q.shape().rank() == 3
        && q.shape().extent(2) == HEAD_WIDTH
        && Kernels.packed(q, keys, values) == 1;
  }

  /**
   * Attends to a run of tokens; queued on {@code stream} and not waited for.
   *
   * @param q bf16 [Sq, N, 128]; rounded to FP8 without a scale
   * @param keys FP8 [groups, N, 16·128], packed as {@link KvCache} says
   * @param values as {@code keys}
   * @param first the run's first token, counted from the first group on
   * @param count tokens of the run, at least 1
   * @param scale factor on q·k, above 0
   * @param out as {@code q}, which it may be
   * @param partial fp32 {@link #PARTIAL}, overwritten
   */
  void launch(
      CudaStream stream,
      DeviceTensor q,
      DeviceTensor keys,
      DeviceTensor values,
      int first,
      int count,
      float scale,
      DeviceTensor out,
      DeviceTensor partial) {
    int queries = q.shape().extent(0);
    int heads = q.shape().extent(1);
    int groups = keys.shape().extent(0);
    q.require("q", DType.BF16, Shape.of(queries, heads, HEAD_WIDTH));
    out.require("out", DType.BF16, q.shape());
    partial.require("partial", DType.FP32, PARTIAL);
    Shape packed = Shape.of(groups, heads, KvCache.GROUP_TOKENS * HEAD_WIDTH);
    keys.require("keys", DType.FP8_E4M3, packed);
    values.require("values", DType.FP8_E4M3, packed);
    checkArgument(
        first >= 0 && count >= 1 && first + count <= groups * KvCache.GROUP_TOKENS,
        "tokens %s to %s are not within %s groups, or there are none",
        first,
        first + count,
        groups);
    checkArgument(scale > 0, "scale must be above 0, but was %s", scale);
    checkArgument(
        Kernels.packed(q, keys, values, out, partial) == 1, "tensors must be aligned to 16 bytes");
    int items = Kernels.ceilDiv(queries, BLOCK_QUERIES) * heads;
    int tiles = Kernels.ceilDiv(first % KvCache.GROUP_TOKENS + count, BLOCK_KEYS);
    AttentionCut cut = AttentionCut.of(items, tiles, multiprocessors);
    args.reset()
        .pointer(q.memory())
        .pointer(keys.memory())
        .pointer(values.memory())
        .pointer(out.memory())
        .pointer(partial.memory())
        .int32(queries)
        .int32(heads)
        .int32(first)
        .int32(count)
        .float32(scale)
        .int32(cut.whole())
        .int32(cut.parts());
    attention.launch(
        stream, new LaunchShape(cut.blocks(items), BLOCK_THREADS, sharedBytes()), args);
    if (cut.whole() < items) {
      args.reset()
          .pointer(partial.memory())
          .pointer(out.memory())
          .int32(queries)
          .int32(heads)
          .int32(cut.whole())
          .int32(cut.parts());
      int blocks = (items - cut.whole()) * COMBINING_BLOCKS;
      combination.launch(stream, new LaunchShape(blocks, COMBINING_THREADS, 0), args);
    }
  }

  /** Queries, and some tiles of keys and values. */
  static int sharedBytes() {
    return (BLOCK_QUERIES + 2 * STAGES * BLOCK_KEYS) * HEAD_WIDTH;
  }
}
