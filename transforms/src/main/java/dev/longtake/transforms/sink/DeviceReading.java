package dev.longtake.transforms.sink;

import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.api.DeviceLoad;
import dev.longtake.runtime.api.DeviceUse;

/**
 * How a device is used at the moment.
 *
 * @param device its name in this process
 * @param memoryBytes of it in use; what the plan has reserved where nobody says
 * @param utilization share of the last second in which it computed, 0 to 1; NaN where nobody says
 * @param copiedBytes of weights and caches between it and the host, since its engine was opened
 * @param takes in progress on it
 */
public record DeviceReading(
    String device, long memoryBytes, double utilization, long copiedBytes, int takes) {
  /** Checks that nothing was forgotten. */
  public DeviceReading {
    requireNonNull(device, "device");
  }

  /** Returns how a device is used, by an engine's account and by its driver's. */
  public static DeviceReading of(String device, DeviceUse use, DeviceLoad load, int takes) {
    return new DeviceReading(
        device,
        load.usedBytes() > 0 ? load.usedBytes() : use.reservedBytes(),
        load.utilization(),
        use.copiedBytes(),
        takes);
  }
}
