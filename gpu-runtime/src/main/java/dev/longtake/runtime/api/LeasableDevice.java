package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

/**
 * A device that a process may use, if no other one of its host does.
 *
 * @param id names it among all devices of the host, whatever a process calls it: a GPU's UUID, or
 *     what a declared part of the CPU is; letters, digits, {@code '.'} and {@code '-'}
 * @param device its name in an {@link EngineConfig} of this process
 * @param description for people
 * @param memoryBytes all of its memory; {@link Long#MAX_VALUE} where nobody counts
 * @param exclusive whether only one process at a time may use it
 */
public record LeasableDevice(
    String id, String device, String description, long memoryBytes, boolean exclusive) {
  /** The whole CPU, which any number of processes may use. */
  public static final LeasableDevice CPU =
      new LeasableDevice("cpu", "cpu", "cpu", Long.MAX_VALUE, false);

  /** Checks that the id can be a file's name. */
  public LeasableDevice {
    checkArgument(id.matches("[A-Za-z0-9.-]+"), "'%s' cannot be a device's id", id);
    requireNonNull(device, "device");
    requireNonNull(description, "description");
    checkArgument(memoryBytes > 0, "memoryBytes must be positive, but was %s", memoryBytes);
  }

  @Override
  public String toString() {
    return description;
  }
}
