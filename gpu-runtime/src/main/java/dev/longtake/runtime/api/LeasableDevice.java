package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;

/**
 * A device that a process may use, if no other one of its host does.
 *
 * @param id names it among all devices of the host, whatever a process calls it: a GPU's UUID, or
 *     what a declared part of the CPU is; letters, digits, {@code '.'} and {@code '-'}
 * @param device its name in an {@link EngineConfig} of this process
 * @param description for people
 * @param memoryBytes all of its memory; {@link Long#MAX_VALUE} where nobody counts
 * @param exclusive whether only one process at a time may use it
 * @param members the devices of a team that computes together; empty for a single device
 */
public record LeasableDevice(
    String id,
    String device,
    String description,
    long memoryBytes,
    boolean exclusive,
    List<LeasableDevice> members) {
  /** The whole CPU, which any number of processes may use. */
  public static final LeasableDevice CPU =
      new LeasableDevice("cpu", "cpu", "cpu", Long.MAX_VALUE, false);

  /** Checks that the id can be a file's name. */
  public LeasableDevice {
    checkArgument(id.matches("[A-Za-z0-9.-]+"), "'%s' cannot be a device's id", id);
    requireNonNull(device, "device");
    requireNonNull(description, "description");
    checkArgument(memoryBytes > 0, "memoryBytes must be positive, but was %s", memoryBytes);
    members = List.copyOf(members);
  }

  /** Creates a single device. */
  public LeasableDevice(
      String id, String device, String description, long memoryBytes, boolean exclusive) {
    this(id, device, description, memoryBytes, exclusive, List.of());
  }

  /**
   * Returns single devices as a team, whose engine uses all of them; of each as much as the
   * smallest has.
   */
  public static LeasableDevice team(List<LeasableDevice> members) {
    List<String> names = new ArrayList<>();
    for (LeasableDevice member : members) {
      names.add(member.device.equals("cpu") ? "cpu:" + names.size() : member.device);
    }
    return new LeasableDevice(
        members.stream().map(LeasableDevice::id).collect(joining(".")),
        String.join(",", names),
        members.stream().map(LeasableDevice::description).collect(joining(" with ")),
        members.stream().mapToLong(LeasableDevice::memoryBytes).min().orElseThrow(),
        true,
        members);
  }

  @Override
  public String toString() {
    return description;
  }
}
