package dev.longtake.runtime.strategy;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * Layers in the order in which they are needed again and again: a run of those of several forwards,
 * counted from the first layer of the first forward.
 *
 * @param layers of a forward
 * @param first from 0
 * @param end behind the last
 */
public record LayerCycle(int layers, int first, int end) {
  /** Checks that there is something to do. */
  public LayerCycle {
    checkArgument(
        layers > 0 && first >= 0 && first < end,
        "there is nothing from %s to %s of forwards of %s layers",
        first,
        end,
        layers);
  }

  /** Returns all layers, one after the other. */
  public static LayerCycle ofForward(int layers) {
    return new LayerCycle(layers, 0, layers);
  }

  /** Returns how many layers there are in it, the same one counted as often as it is needed. */
  public int length() {
    return end - first;
  }

  /** Returns how many different ones there are. */
  public int differentLayers() {
    return Math.min(layers, length());
  }

  /** Returns the layer at a place, from 0 on. */
  public int layer(int place) {
    return (first + place) % layers;
  }

  /** Returns whether a layer is needed at all. */
  public boolean contains(int layer) {
    return firstPlace(layer) < length();
  }

  /** Returns where a forward needs a layer, or any does if that is no part of this. */
  public int place(int forward, int layer) {
    int place = forward * layers + layer - first;
    return place >= 0 && place < length() ? place : firstPlace(layer);
  }

  private int firstPlace(int layer) {
    return Math.floorMod(layer - first, layers);
  }
}
