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
  /** Nothing. */
  public static final DeviceUse NONE = new DeviceUse(0, 0);

  /** Checks that nothing is negative. */
  public DeviceUse {
    checkArgument(
        peakBytes >= 0 && copiedBytes >= 0,
        "neither may be negative: peakBytes %s, copiedBytes %s",
        peakBytes,
        copiedBytes);
  }

  /**
   * Returns what an engine has used of one device, where it allocates nothing once it is open.
   *
   * @param usedBytes by the driver's account, or 0 where there is none
   */
  public static DeviceUse of(long usedBytes, long reservedBytes, long copiedBytes) {
    return new DeviceUse(usedBytes > 0 ? usedBytes : reservedBytes, copiedBytes);
  }

  /** Returns what this engine and another one, on other devices, have used. */
  public DeviceUse and(DeviceUse other) {
    return new DeviceUse(Math.max(peakBytes, other.peakBytes), copiedBytes + other.copiedBytes);
  }
}
