package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * A device that engines can be opened on.
 *
 * @param device its name in an {@link EngineConfig}
 * @param description what it is and, if it was to be chosen, why it was; for people
 * @param precisions that it computes in, the usual one first
 */
public record DeviceInfo(String device, String description, List<Precision> precisions) {
  /** Copies the list. */
  public DeviceInfo {
    requireNonNull(device, "device");
    requireNonNull(description, "description");
    precisions = List.copyOf(precisions);
    checkArgument(!precisions.isEmpty(), "%s computes in no precision", device);
  }
}
