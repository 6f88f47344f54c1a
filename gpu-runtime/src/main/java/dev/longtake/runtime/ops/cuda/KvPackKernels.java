package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.ops.KvCache;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;

/**
 * Launches the kernels of {@code kv_pack_sm89.cu}, for heads 128 wide; needs compute capability
 * 8.9.
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

  private final Kernels kernels;

  KvPackKernels(KernelModules modules) {
    this.kernels = modules.load("kv_pack_sm89");
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
}
