package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.MemoryPlan;

/**
 * What an engine may use.
 *
 * @param deviceBytes of the device, its driver's part included
 * @param hostBytes of pinned host memory
 * @param sharers engines like it that have a device each, and the same host
 */
record MemoryBudget(long deviceBytes, long hostBytes, int sharers) {
  /** What was refused leaves at most nine tenths of itself. */
  private static final int NUMERATOR = 9;

  private static final int DENOMINATOR = 10;

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

  /**
   * Returns what may be used after memory was refused that was planned to be there, because
   * somebody else took it meanwhile, or the driver cannot give it in one piece.
   *
   * @param refused what was planned; all of it that was opened must have been closed
   * @param refusal what opening has thrown
   * @throws LongtakeException {@code refusal}, if it has another cause
   */
  MemoryBudget after(MemoryPlan refused, LongtakeException refusal, ComputeDevice device) {
    return switch (refusal.code()) {
      case OUT_OF_MEMORY ->
          new MemoryBudget(
              smaller(refused.totalBytes(), device.availableBytes() + device.driverBytes(0)),
              hostBytes,
              sharers);
      case OUT_OF_HOST_MEMORY ->
          new MemoryBudget(
              deviceBytes, smaller(refused.hostBytes(), device.availableHostBytes()), sharers);
      default -> throw refusal;
    };
  }

  private static long smaller(long refusedBytes, long availableBytes) {
    return Math.min(refusedBytes / DENOMINATOR * NUMERATOR, availableBytes);
  }
}
