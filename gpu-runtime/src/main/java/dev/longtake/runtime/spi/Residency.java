package dev.longtake.runtime.spi;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * How much of the transformer stays on the device.
 *
 * @param weightLayers layers whose weights do
 * @param cacheLayers layers whose caches do, of every take
 */
public record Residency(int weightLayers, int cacheLayers) {
  /** Checks that nothing is negative. */
  public Residency {
    checkArgument(
        weightLayers >= 0 && cacheLayers >= 0,
        "no layers can be fewer than none: %s, %s",
        weightLayers,
        cacheLayers);
  }

  /** Returns that everything stays. */
  public static Residency all(int layers) {
    return new Residency(layers, layers);
  }

  /** Returns whether {@code layer}, one of {@code layers}, is among {@code resident} that stay. */
  public static boolean stays(int layer, int resident, int layers) {
    // Those that do not stay are spread evenly, so that copying one can hide behind the others.
    long moving = (long) layers - resident;
    return (layer + 1) * moving / layers == layer * moving / layers;
  }
}
