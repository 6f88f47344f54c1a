package dev.longtake.runtime.engine.forecast;

import dev.longtake.runtime.spi.Residency;

/**
 * A sweep through the layers, played with a clock instead of a device, in the order in which the
 * strategy {@code offload} queues copies and work: weights come to two slots, caches to three, all
 * over one link, and what was written leaves over another.
 *
 * @param computeSeconds of one lane in one layer
 * @param weightSeconds that a layer's weights need to come
 * @param readSeconds that one lane's caches of a layer need to come, {@code writeSeconds} to leave
 */
record LayerSweep(
    int layers,
    int lanes,
    Residency residency,
    double computeSeconds,
    double weightSeconds,
    double readSeconds,
    double writeSeconds) {
  private static final int WEIGHT_SLOTS = 2;
  private static final int CACHE_SLOTS = 3;

  /** Returns how long a sweep takes behind another one. */
  double seconds() {
    Clock clock = new Clock();
    double first = clock.sweep();
    return clock.sweep() - first;
  }

  private boolean weightsMove(int layer) {
    return !Residency.stays(layer, residency.weightLayers(), layers);
  }

  private boolean cachesMove(int layer) {
    return !Residency.stays(layer, residency.cacheLayers(), layers);
  }

  /** When each queue will be done with what it has been given. */
  private final class Clock {
    private final double[] weightsThere = new double[WEIGHT_SLOTS];
    private double in;
    private double out;
    private double computed;
    private int moved; // layers whose weights have been used

    Clock() {
      for (int slot = 0; slot < WEIGHT_SLOTS; slot++) {
        fetchWeights(slot);
      }
    }

    private void fetchWeights(int slot) {
      in = Math.max(in, computed) + weightSeconds;
      weightsThere[slot] = in;
    }

    /** Returns when it is done. */
    double sweep() {
      int passes = layers * lanes;
      double[] cachesThere = new double[passes];
      int freeSlots = CACHE_SLOTS;
      int next = 0;
      double slotFree = computed;
      for (int pass = 0; pass < passes; pass++) {
        int layer = pass / lanes;
        for (; next < passes && (freeSlots > 0 || !cachesMove(next / lanes)); next++) {
          if (cachesMove(next / lanes)) {
            freeSlots--;
            in = Math.max(in, slotFree) + readSeconds;
            cachesThere[next] = in;
          }
        }
        boolean lastOfLayer = pass % lanes == lanes - 1;
        double weights = weightsMove(layer) ? weightsThere[moved % WEIGHT_SLOTS] : 0;
        computed = Math.max(computed, Math.max(weights, cachesThere[pass])) + computeSeconds;
        if (cachesMove(layer)) {
          freeSlots++;
          out = Math.max(out, computed) + writeSeconds;
          slotFree = out;
        }
        if (lastOfLayer && weightsMove(layer)) {
          fetchWeights(moved % WEIGHT_SLOTS);
          moved++;
        }
      }
      return computed;
    }
  }
}
