package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * What an engine has used of a device since it was opened.
 *
 * @param reservedBytes of its memory, all of them when the engine was opened
 * @param copiedBytes of weights and caches between host memory and the device
 */
public record DeviceUse(long reservedBytes, long copiedBytes) {
  /** Nothing. */
  public static final DeviceUse NONE = new DeviceUse(0, 0);

  /** Checks that nothing is negative. */
  public DeviceUse {
    checkArgument(
        reservedBytes >= 0 && copiedBytes >= 0,
        "neither may be negative: reservedBytes %s, copiedBytes %s",
        reservedBytes,
        copiedBytes);
  }
}
