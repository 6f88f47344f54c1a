package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.engine.device.ComputeDevice;

/**
 * What an engine may use.
 *
 * @param deviceBytes of the device, its driver's part included
 * @param hostBytes of pinned host memory
 */
record MemoryBudget(long deviceBytes, long hostBytes) {
  /** Returns what is there at the moment, and allowed. */
  static MemoryBudget of(EngineConfig config, ComputeDevice device) {
    long thereBytes = device.availableBytes() + device.driverBytes(0);
    return new MemoryBudget(
        Math.min(config.budgetBytes(), thereBytes), device.availableHostBytes());
  }

  /** Returns whether a plan stays within it. */
  boolean holds(EnginePlan plan) {
    return holds(plan, 1);
  }

  /** Returns whether so many engines stay within it that have a device each, and share the host. */
  boolean holds(EnginePlan plan, int engines) {
    return plan.memory().totalBytes() <= deviceBytes
        && plan.memory().hostBytes(engines) <= hostBytes;
  }
}
