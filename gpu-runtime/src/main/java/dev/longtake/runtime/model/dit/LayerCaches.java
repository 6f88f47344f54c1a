package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;

/**
 * What one layer keeps of one take: keys and values that later forwards attend to.
 *
 * @param ring of past frame blocks, one for each denoising step
 * @param condition of reference and motion tokens, shared by all steps
 * @param text of the prompt's tokens, shared by all steps
 */
public record LayerCaches(KeyValue ring, ConditionCache condition, KeyValue text) {
  /**
   * Keys and values [S, N, D].
   *
   * @param keys ready for use: in the ring after RoPE
   */
  public record KeyValue(Tensor keys, Tensor values) {
    /** Takes memory for {@code tokens} tokens. */
    public static KeyValue allocate(Arena arena, DType dtype, DitConfig config, int tokens) {
      int heads = config.heads();
      int headWidth = config.headWidth();
      return new KeyValue(
          arena.tensor(dtype, tokens, heads, headWidth),
          arena.tensor(dtype, tokens, heads, headWidth));
    }

    /** Returns {@code count} tokens from {@code first}. */
    public KeyValue slice(int first, int count) {
      return new KeyValue(keys.slice(first, count), values.slice(first, count));
    }
  }

  /**
   * Keys and values of the condition tokens, the reference's before the motion's.
   *
   * @param reference keys before RoPE, because the reference moves
   * @param motion keys after RoPE
   */
  public record ConditionCache(KeyValue reference, KeyValue motion) {
    /** Splits the cache of all condition tokens. */
    public static ConditionCache of(KeyValue all, TokenGrid grid) {
      return new ConditionCache(
          all.slice(0, grid.frameTokens()), all.slice(grid.frameTokens(), grid.motionTokens()));
    }
  }
}
