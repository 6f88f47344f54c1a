package dev.longtake.runtime.memory;

import static com.google.common.base.Preconditions.checkArgument;
import static dev.longtake.runtime.api.MemorySize.gib;

/**
 * The bytes that an engine needs, by use; known before anything is allocated.
 *
 * @param weightBytes on the device: parameters and what is computed from them once, the text
 *     encoder's left out, and the slots that weights and caches pass through
 * @param textEncoderBytes on the device: the text encoder's parameters; 0 if they are brought to a
 *     free lane's memory whenever a prompt is encoded
 * @param laneBytes on the device: what one take keeps there: caches, VAE streams, latents
 * @param lanes takes in progress at once
 * @param workspaceBytes on the device: intermediate results and what the libraries take, shared by
 *     everything that computes
 * @param driverBytes on the device: what the driver takes, beside what is reserved
 * @param hostWeightBytes in pinned host memory: weights that are copied to the device in time
 * @param hostLaneBytes in pinned host memory: caches of one take
 */
public record MemoryPlan(
    long weightBytes,
    long textEncoderBytes,
    long laneBytes,
    int lanes,
    long workspaceBytes,
    long driverBytes,
    long hostWeightBytes,
    long hostLaneBytes) {

  /** Checks that nothing is negative. */
  public MemoryPlan {
    checkArgument(
        weightBytes >= 0
            && textEncoderBytes >= 0
            && laneBytes >= 0
            && lanes >= 1
            && workspaceBytes >= 0
            && driverBytes >= 0
            && hostWeightBytes >= 0
            && hostLaneBytes >= 0,
        "not a plan: %s weights, %s text encoder, %s lanes of %s, %s workspace, %s driver, "
            + "%s weights and lanes of %s on the host",
        weightBytes,
        textEncoderBytes,
        lanes,
        laneBytes,
        workspaceBytes,
        driverBytes,
        hostWeightBytes,
        hostLaneBytes);
  }

  /** Returns the same plan with a text encoder on the device. */
  public MemoryPlan withTextEncoder(long bytes) {
    return new MemoryPlan(
        weightBytes,
        bytes,
        laneBytes,
        lanes,
        workspaceBytes,
        driverBytes,
        hostWeightBytes,
        hostLaneBytes);
  }

  /** Returns the same plan with lanes that can have guests of so many bytes. */
  public MemoryPlan withGuests(long bytes) {
    return new MemoryPlan(
        weightBytes,
        0,
        Math.max(laneBytes, bytes),
        lanes,
        workspaceBytes,
        driverBytes,
        hostWeightBytes,
        hostLaneBytes);
  }

  /** Returns what is reserved on the device: everything but what its driver takes. */
  public long reservedBytes() {
    return totalBytes() - driverBytes;
  }

  /** Returns the sum of all uses of the device. */
  public long totalBytes() {
    return weightBytes + textEncoderBytes + lanes * laneBytes + workspaceBytes + driverBytes;
  }

  /** Returns the sum of all uses of pinned host memory. */
  public long hostBytes() {
    return hostBytes(1);
  }

  /** Returns what engines with this plan need of pinned host memory, which share the weights. */
  public long hostBytes(int engines) {
    return hostWeightBytes + (long) engines * lanes * hostLaneBytes;
  }

  /**
   * Returns the uses in GiB, for people.
   *
   * @param text where the text encoder is, if it takes no memory of its own
   */
  public String describe(String text) {
    return "%s GiB: weights %s, text encoder %s, %d lane%s of %s, workspace %s"
            .formatted(
                gib(totalBytes()),
                gib(weightBytes),
                textEncoderBytes == 0 ? text : gib(textEncoderBytes),
                lanes,
                lanes == 1 ? "" : "s",
                gib(laneBytes),
                gib(workspaceBytes))
        + (driverBytes == 0 ? "" : ", driver " + gib(driverBytes))
        + (hostBytes() == 0
            ? ""
            : "; %s GiB of pinned host memory: weights %s, %d lane%s of %s"
                .formatted(
                    gib(hostBytes()),
                    gib(hostWeightBytes),
                    lanes,
                    lanes == 1 ? "" : "s",
                    gib(hostLaneBytes)));
  }
}
