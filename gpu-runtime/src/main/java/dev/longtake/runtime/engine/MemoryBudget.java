package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.engine.device.ComputeDevice;

/**
 * What an engine may use.
 *
 * @param deviceBytes of the device, its driver's part included
 * @param hostBytes of pinned host memory
 * @param sharers engines like it that have a device each, and the same host
 */
record MemoryBudget(long deviceBytes, long hostBytes, int sharers) {
  /** Creates the budget of an engine that has the host to itself. */
  MemoryBudget(long deviceBytes, long hostBytes) {
    this(deviceBytes, hostBytes, 1);
  }

  /** Returns what is there at the moment, and allowed. */
  static MemoryBudget of(EngineConfig config, ComputeDevice device) {
    long thereBytes = device.availableBytes() + device.driverBytes(0);
    return new MemoryBudget(
        Math.min(config.budgetBytes(), thereBytes), device.availableHostBytes());
  }

  /** Returns what one of so many engines may use. */
  MemoryBudget sharedBy(int engines) {
    return new MemoryBudget(deviceBytes, hostBytes, engines);
  }

  /** Returns whether a plan stays within it, if all that share the host have the same. */
  boolean holds(EnginePlan plan) {
    return plan.memory().totalBytes() <= deviceBytes
        && plan.memory().hostBytes(sharers) <= hostBytes;
  }
}
