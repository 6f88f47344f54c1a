package dev.longtake.transforms.records;

import static java.util.Objects.requireNonNull;

/**
 * What the work store says of a device that broke down while it rendered a take.
 *
 * @param host where it is, {@code deviceId} what it is called there, {@code device} for people
 * @param evidence what was noticed
 * @param at when, in ISO 8601
 */
public record FaultRecord(String host, String deviceId, String device, String evidence, String at) {
  /** Checks that nothing was forgotten. */
  public FaultRecord {
    requireNonNull(host, "host");
    requireNonNull(deviceId, "deviceId");
    requireNonNull(device, "device");
    requireNonNull(evidence, "evidence");
    requireNonNull(at, "at");
  }
}
