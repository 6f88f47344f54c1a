package dev.longtake.runtime.model.dit;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * Layers that follow one another.
 *
 * @param first from 0
 * @param end the layer behind the last one
 */
public record LayerRange(int first, int end) {
  /** Checks that there is at least one. */
  public LayerRange {
    checkArgument(first >= 0 && first < end, "there are no layers from %s to %s", first, end);
  }

  /** Returns the first {@code layers}. */
  public static LayerRange first(int layers) {
    return new LayerRange(0, layers);
  }

  /** Returns whether a layer is one of them. */
  public boolean contains(int layer) {
    return layer >= first && layer < end;
  }
}
