package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.spi.Residency;

/**
 * What an engine keeps where.
 *
 * @param layers of the transformer
 */
record EnginePlan(MemoryPlan memory, Residency residency, int layers, TextPlacement text) {
  /** Returns whether it stays within what it may use of the device and of the host. */
  boolean fits(long budgetBytes, long hostBudgetBytes) {
    return memory.totalBytes() <= budgetBytes && memory.hostBytes() <= hostBudgetBytes;
  }

  /** Returns the plan for people, in one line. */
  String describe() {
    boolean allStays = residency.equals(Residency.all(layers));
    return memory.describe(text == TextPlacement.ABSENT ? "elsewhere" : "in a free lane")
        + (text == TextPlacement.LAYER_BY_LAYER ? "; text encoder layer by layer" : "")
        + (allStays
            ? ""
            : "; of %d layers, %d keep their weights on the device and %d their caches"
                .formatted(layers, residency.weightLayers(), residency.cacheLayers()));
  }
}
