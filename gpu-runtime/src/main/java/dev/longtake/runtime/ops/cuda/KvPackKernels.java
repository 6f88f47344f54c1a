package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.ops.KvCache;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import org.jspecify.annotations.Nullable;

/**
 * Launches the kernels of {@code kv_pack_sm89.cu} and {@code turned_keys_sm89.cu}, for heads 128
 * wide; needs compute capability 8.9.
 *
 * <p>Everywhere, plain tensors are bf16 [count, N, 128], and packed ones FP8 [groups, N, 16·128] as
 * {@link KvCache} says; {@code first} is the packed token that the first plain one corresponds to.
 * Calls are queued on {@code stream} and not waited for.
 */
final class KvPackKernels {
  private static final int HEAD_WIDTH = 128;
  private static final int BLOCK_THREADS = 256;
  private static final int KEY_PARTS = 128;
  private static final int VALUE_PARTS = 64;

  // Of pack_turned_keys: tokens of a thread block, values that a thread keeps, bytes behind a row.
  private static final int BLOCK_TOKENS = 2;
  private static final int KEPT_VALUES = 32;
  private static final int ROW_PAD_BYTES = 16;
  private static final int WARP = 32;
  private static final int MAX_TURNED_HEADS = 1024 / BLOCK_TOKENS * KEPT_VALUES / HEAD_WIDTH;

  private final Kernels kernels;
  private final Kernels turning;

  KvPackKernels(KernelModules modules) {
    this.kernels = modules.load("kv_pack_sm89");
    this.turning = modules.load("turned_keys_sm89");
  }

  /** Returns whether there are kernels for these. */
  static boolean supports(DeviceTensor plain, DeviceTensor packed) {
    return plain.dtype() == DType.BF16
        && packed.dtype() == DType.FP8_E4M3
        && plain.shape().rank() == 3
        && plain.shape().extent(2) == HEAD_WIDTH
        && Kernels.packed(plain, packed) == 1;
  }

  /**
   * Rounds keys to FP8; packed tokens before {@code first} and behind the last stay as they are.
   */
  void packKeys(CudaStream stream, DeviceTensor keys, DeviceTensor packed, int first) {
    launch(stream, "pack_keys_bf16", KEY_PARTS, keys, packed, first, keys, packed);
  }

  /** Returns whether {@link #packTurnedKeys} takes these. */
  static boolean supportsTurning(
      DeviceTensor keys,
      @Nullable DeviceTensor weight,
      DeviceTensor cos,
      DeviceTensor sin,
      DeviceTensor packed) {
    return supports(keys, packed)
        && keys.shape().extent(1) <= MAX_TURNED_HEADS
        && Kernels.packed(weight, cos, sin) == 1;
  }

  /**
   * As {@link #packKeys}, normalised and turned first; see {@link
   * dev.longtake.runtime.ops.Ops#storeTurnedKeys}.
   *
   * @param weight fp32 or bf16 [N·128], or null not to normalise
   * @param cos fp32 [count, 64]; {@code sin} likewise
   */
  void packTurnedKeys(
      CudaStream stream,
      DeviceTensor keys,
      @Nullable DeviceTensor weight,
      float epsilon,
      DeviceTensor cos,
      DeviceTensor sin,
      DeviceTensor packed,
      int first) {
    int count = keys.shape().extent(0);
    int width = keys.shape().extent(1) * HEAD_WIDTH;
    requireWithin(keys, packed, first);
    cos.require("cos", DType.FP32, Shape.of(count, HEAD_WIDTH / 2));
    sin.require("sin", DType.FP32, cos.shape());
    if (weight != null) {
      weight.require("weight", weight.dtype(), Shape.of(width));
    }
    if (count == 0) {
      return;
    }
    int blocks = (first + count - 1) / BLOCK_TOKENS - first / BLOCK_TOKENS + 1;
    int threads = Kernels.ceilDiv(width, KEPT_VALUES * WARP) * WARP;
    KernelArgs args = turning.args().pointer(keys.memory());
    Kernels.pointer(args, weight)
        .pointer(cos.memory())
        .pointer(sin.memory())
        .pointer(packed.memory())
        .int32(first)
        .int32(count)
        .int32(keys.shape().extent(1))
        .float32(epsilon);
    turning
        .function("pack_turned_keys", weight == null ? cos : weight)
        .launch(
            stream,
            new LaunchShape(blocks, BLOCK_TOKENS * threads, BLOCK_TOKENS * (width + ROW_PAD_BYTES)),
            args);
  }

  /** As {@link #packKeys}, for values. */
  void packValues(CudaStream stream, DeviceTensor values, DeviceTensor packed, int first) {
    launch(stream, "pack_values_bf16", VALUE_PARTS, values, packed, first, values, packed);
  }

  /** Widens packed keys to bf16; exact. */
  void unpackKeys(CudaStream stream, DeviceTensor packed, int first, DeviceTensor keys) {
    launch(stream, "unpack_keys_bf16", KEY_PARTS, keys, packed, first, packed, keys);
  }

  /** As {@link #unpackKeys}, for values. */
  void unpackValues(CudaStream stream, DeviceTensor packed, int first, DeviceTensor values) {
    launch(stream, "unpack_values_bf16", VALUE_PARTS, values, packed, first, packed, values);
  }

  private void launch(
      CudaStream stream,
      String kernel,
      int parts,
      DeviceTensor plain,
      DeviceTensor packed,
      int first,
      DeviceTensor source,
      DeviceTensor target) {
    int count = plain.shape().extent(0);
    int heads = plain.shape().extent(1);
    requireWithin(plain, packed, first);
    if (count == 0) {
      return;
    }
    int touched =
        Kernels.ceilDiv(first + count, KvCache.GROUP_TOKENS) - first / KvCache.GROUP_TOKENS;
    long threads = (long) touched * heads * parts;
    checkArgument(threads <= Integer.MAX_VALUE, "%s tokens at once are too many", count);
    kernels
        .function(kernel)
        .launch(
            stream,
            LaunchShape.covering(threads, BLOCK_THREADS),
            kernels
                .args()
                .pointer(source.memory())
                .pointer(target.memory())
                .int32(first)
                .int32(count)
                .int32(heads));
  }

  private static void requireWithin(DeviceTensor plain, DeviceTensor packed, int first) {
    int count = plain.shape().extent(0);
    int heads = plain.shape().extent(1);
    int groups = packed.shape().extent(0);
    plain.require("plain", DType.BF16, Shape.of(count, heads, HEAD_WIDTH));
    packed.require(
        "packed", DType.FP8_E4M3, Shape.of(groups, heads, KvCache.GROUP_TOKENS * HEAD_WIDTH));
    checkArgument(
        first >= 0 && first + count <= groups * KvCache.GROUP_TOKENS,
        "tokens %s to %s are not within %s groups",
        first,
        first + count,
        groups);
    checkArgument(Kernels.packed(plain, packed) == 1, "tensors must be aligned to 16 bytes");
  }
}
