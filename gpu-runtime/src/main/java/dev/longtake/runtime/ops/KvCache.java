package dev.longtake.runtime.ops;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;

/**
 * Memory for the keys and values of a layer's tokens, which {@link Ops#attention(Tensor, KvRun,
 * float, Tensor)} reads in place.
 *
 * <p>Plain, they are tensors as {@code Ops} computes them. Packed, they are FP8 (e4m3) in groups of
 * {@value #GROUP_TOKENS} tokens, in the order in which tensor cores take them from shared memory,
 * so that a head's part of a group is one run of bytes. Of token t, r = t mod 16, head n and
 * channel c, with D channels a head, the key's byte in group t/16 is at
 *
 * <pre>   (2·n + r/8)·8·D + (c/16)·128 + (r mod 8)·16 + c mod 16</pre>
 *
 * and the value's at
 *
 * <pre>   n·16·D + 16·c + (r &lt; 8 ? 4·(r/2) + r mod 2 : 4·((r − 8)/2) + 2 + r mod 2)</pre>
 *
 * where the tokens' order is that in which tensor cores leave scores in registers, so that
 * probabilities multiply values as they are. Numbers are rounded as they are, without a scale: keys
 * are normalised, and e4m3 keeps its relative precision from 2⁻⁶ to 448.
 *
 * @param tokens that there is room for
 * @param keys plain: activation type [tokens, N, D]; packed: FP8 [groups, N, 16·D]
 * @param values as {@code keys}
 */
public record KvCache(int tokens, int heads, int headWidth, Tensor keys, Tensor values) {
  /** Tokens that lie together where a cache is packed. */
  public static final int GROUP_TOKENS = 16;

  /** Checks that both have the same form. */
  public KvCache {
    values.require("values", keys.dtype(), keys.shape());
  }

  /**
   * Takes memory for a cache, whose elements have no particular value.
   *
   * @param dtype FP8_E4M3 for a packed one
   */
  public static KvCache allocate(Arena arena, DType dtype, int tokens, int heads, int headWidth) {
    if (dtype == DType.FP8_E4M3) {
      int groups = (tokens + GROUP_TOKENS - 1) / GROUP_TOKENS;
      int width = GROUP_TOKENS * headWidth;
      return new KvCache(
          tokens,
          heads,
          headWidth,
          arena.tensor(dtype, groups, heads, width),
          arena.tensor(dtype, groups, heads, width));
    }
    return new KvCache(
        tokens,
        heads,
        headWidth,
        arena.tensor(dtype, tokens, heads, headWidth),
        arena.tensor(dtype, tokens, heads, headWidth));
  }

  /** Returns whether keys and values are packed. */
  public boolean isPacked() {
    return keys.dtype() == DType.FP8_E4M3;
  }

  /** Returns all of it. */
  public KvRun all() {
    return run(0, tokens);
  }

  /** Returns {@code count} tokens from {@code first}. */
  public KvRun run(int first, int count) {
    checkArgument(
        first >= 0 && count >= 0 && first + count <= tokens,
        "tokens %s to %s are not within the cache's %s",
        first,
        first + count,
        tokens);
    return new KvRun(this, first, count);
  }
}
