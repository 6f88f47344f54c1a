package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaFunction;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.cuda.NativeLibraries;
import dev.longtake.runtime.cuda.TensorMaps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;

/**
 * Launches {@code attention_bf16_sm90.cu}: bf16, heads 128 wide, one run of keys, on GPUs of
 * compute capability 9.0.
 */
final class HopperBf16AttentionKernel {
  /** Fp32; what {@link #launch} needs for sums of parts. */
  static final Shape PARTIAL = Shape.of(AttentionCut.MAX_PARTS, 130, 128);

  private static final int HEAD_WIDTH = 128;
  private static final int BLOCK_THREADS = 384;
  private static final int BLOCK_QUERIES = 128;
  private static final int COMBINING_THREADS = 256;
  private static final int COMBINING_BLOCKS = 16; // an item, with a warp for each query
  private static final int ALIGNMENT_BYTES = 1024;

  private final int multiprocessors;
  private final TensorMaps maps;
  private final Kernels kernels;
  private final KernelArgs args = new KernelArgs();

  /** Tiles of keys and values: how many keys one has, and how many of them are there at a time. */
  enum Tiles {
    LONG(176, 2),
    SHORT(128, 3);

    private final int keys;
    private final int stages;

    Tiles(int keys, int stages) {
      this.keys = keys;
      this.stages = stages;
    }

    /** Returns those of which a run fills the last one best. */
    static Tiles of(int keys) {
      return LONG.count(keys) * LONG.keys <= SHORT.count(keys) * SHORT.keys ? LONG : SHORT;
    }

    int count(int keys) {
      return Kernels.ceilDiv(keys, this.keys);
    }

    /** Queries, the tiles, and what aligning them may cost. */
    int sharedBytes() {
      int rows = BLOCK_QUERIES + 2 * stages * keys;
      return rows * HEAD_WIDTH * DType.BF16.bytes() + ALIGNMENT_BYTES;
    }

    private String function() {
      return "attention_bf16_128_by_" + keys;
    }
  }

  HopperBf16AttentionKernel(CudaContext context, KernelModules modules) {
    this.multiprocessors = context.device().multiprocessors();
    this.maps = TensorMaps.load(new NativeLibraries(null), context.device());
    this.kernels = modules.load("attention_bf16_sm90");
    for (Tiles tiles : Tiles.values()) {
      kernels.function(tiles.function()).allowSharedBytes(tiles.sharedBytes());
    }
  }

  /** Returns whether {@link #launch} takes these. */
  static boolean supports(DeviceTensor q, KeySegments segments) {
    return q.dtype() == DType.BF16
        && q.shape().extent(2) == HEAD_WIDTH
        && segments.keys().size() == 1
        && Kernels.packed(q) == 1
        && segments.isAligned();
  }

  /**
   * Attends to a run of keys; queued on {@code stream} and not waited for.
   *
   * @param q bf16 [Sq, N, 128]
   * @param segments of which there is one
   * @param scale factor on q·k, above 0
   * @param out as {@code q}, which it may be
   * @param partial fp32 {@link #PARTIAL}, overwritten
   */
  void launch(
      CudaStream stream,
      DeviceTensor q,
      KeySegments segments,
      float scale,
      DeviceTensor out,
      DeviceTensor partial) {
    launch(stream, Tiles.of(segments.total()), q, segments, scale, out, partial);
  }

  /** As the other, with these tiles. */
  void launch(
      CudaStream stream,
      Tiles tiles,
      DeviceTensor q,
      KeySegments segments,
      float scale,
      DeviceTensor out,
      DeviceTensor partial) {
    checkArgument(supports(q, segments), "q must be bf16 [Sq, N, 128] and have one run of keys");
    checkArgument(scale > 0, "scale must be above 0, but was %s", scale);
    out.require("out", DType.BF16, q.shape());
    partial.require("partial", DType.FP32, PARTIAL);
    int queries = q.shape().extent(0);
    int heads = q.shape().extent(1);
    int count = segments.total();
    int items = Kernels.ceilDiv(queries, BLOCK_QUERIES) * heads;
    AttentionCut cut = AttentionCut.of(items, tiles.count(count), multiprocessors);
    args.reset()
        .tensorMap(maps.heads(segments.keys().get(0).memory(), count, heads, tiles.keys))
        .tensorMap(maps.heads(segments.values().get(0).memory(), count, heads, tiles.keys))
        .pointer(q.memory())
        .pointer(out.memory())
        .pointer(partial.memory())
        .int32(queries)
        .int32(heads)
        .int32(count)
        .float32(scale)
        .int32(cut.whole())
        .int32(cut.parts());
    LaunchShape shape = new LaunchShape(cut.blocks(items), BLOCK_THREADS, tiles.sharedBytes());
    kernels.function(tiles.function()).launch(stream, shape, args);
    if (cut.whole() < items) {
      CudaFunction combination = kernels.function("combine_bf16_128");
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
}
