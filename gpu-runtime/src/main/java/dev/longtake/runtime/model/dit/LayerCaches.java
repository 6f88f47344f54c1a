package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;

/**
 * What one layer keeps of one take: keys and values that later forwards attend to.
 *
 * @param window what a forward of one denoising step attends to: conditions and a ring
 * @param referenceKeys [frame tokens, N, D] of the reference before RoPE, because the reference
 *     moves; shared by all steps
 * @param conditionCopies where the conditions must be written as well, because other steps' windows
 *     have them there; not those of {@code window}
 * @param text of the prompt's tokens, shared by all steps
 */
public record LayerCaches(
    KeyWindow window, Tensor referenceKeys, List<KeyValue> conditionCopies, KeyValue text) {
  /** Copies the list. */
  public LayerCaches {
    conditionCopies = List.copyOf(conditionCopies);
  }

  /**
   * Keys and values [S, N, D].
   *
   * @param keys ready for use: in a window after RoPE
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

    /** Returns the number of tokens. */
    public int tokens() {
      return keys.shape().extent(0);
    }
  }
}
