package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * What an engine has used of its devices since it was opened.
 *
 * @param peakBytes of a device's memory that were in use at once, of the device with the most: on a
 *     GPU by anybody, as its driver says; on the CPU what the engine has reserved
 * @param copiedBytes of weights and caches between host memory and the devices
 */
public record DeviceUse(long peakBytes, long copiedBytes) {
  /** Checks that nothing is negative. */
  public DeviceUse {
    checkArgument(
        peakBytes >= 0 && copiedBytes >= 0,
        "neither may be negative: peakBytes %s, copiedBytes %s",
        peakBytes,
        copiedBytes);
  }

  /** Returns what this engine and another one, on other devices, have used. */
  public DeviceUse and(DeviceUse other) {
    return new DeviceUse(Math.max(peakBytes, other.peakBytes), copiedBytes + other.copiedBytes);
  }
}
