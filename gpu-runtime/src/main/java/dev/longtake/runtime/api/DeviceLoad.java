package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * How busy a device is at the moment, whoever uses it.
 *
 * @param usedBytes of its memory in use; 0 where nobody says
 * @param utilization share of its driver's last sample (up to a second) in which it computed, 0 to
 *     1; NaN where nobody says
 */
public record DeviceLoad(long usedBytes, double utilization) {
  /** Nobody says anything. */
  public static final DeviceLoad UNKNOWN = new DeviceLoad(0, Double.NaN);

  /** Checks that the numbers are possible. */
  public DeviceLoad {
    checkArgument(usedBytes >= 0, "usedBytes must not be negative, but was %s", usedBytes);
    checkArgument(
        !(utilization < 0 || utilization > 1),
        "utilization must be from 0 to 1, but was %s",
        utilization);
  }
}
