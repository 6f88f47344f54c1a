package dev.longtake.runtime.memory;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Locale;

/**
 * The bytes that an engine needs on a device, by use; known before anything is allocated.
 *
 * @param weightBytes parameters and what is computed from them once, the text encoder's left out
 * @param textEncoderBytes the text encoder's parameters; 0 if they are brought to a free lane's
 *     memory whenever a prompt is encoded
 * @param laneBytes what one take keeps: caches, VAE streams, latents
 * @param lanes takes in progress at once
 * @param workspaceBytes intermediate results and what the libraries take, shared by everything that
 *     computes
 */
public record MemoryPlan(
    long weightBytes, long textEncoderBytes, long laneBytes, int lanes, long workspaceBytes) {
  private static final double GIB = 1L << 30;

  /** Checks that nothing is negative. */
  public MemoryPlan {
    checkArgument(
        weightBytes >= 0
            && textEncoderBytes >= 0
            && laneBytes >= 0
            && lanes >= 1
            && workspaceBytes >= 0,
        "not a plan: %s weights, %s text encoder, %s lanes of %s, %s workspace",
        weightBytes,
        textEncoderBytes,
        lanes,
        laneBytes,
        workspaceBytes);
  }

  /** Returns the same plan with the text encoder as a guest in a free lane's memory. */
  public MemoryPlan withTextEncoderInLane() {
    return new MemoryPlan(
        weightBytes, 0, Math.max(laneBytes, textEncoderBytes), lanes, workspaceBytes);
  }

  /** Returns the sum of all uses. */
  public long totalBytes() {
    return weightBytes + textEncoderBytes + lanes * laneBytes + workspaceBytes;
  }

  /** Returns the uses in GiB, for people. */
  public String describe() {
    return String.format(
        Locale.ROOT,
        "%.2f GiB: weights %.2f, text encoder %s, %d lane%s of %.2f, workspace %.2f",
        totalBytes() / GIB,
        weightBytes / GIB,
        textEncoderBytes == 0
            ? "in a free lane"
            : String.format(Locale.ROOT, "%.2f", textEncoderBytes / GIB),
        lanes,
        lanes == 1 ? "" : "s",
        laneBytes / GIB,
        workspaceBytes / GIB);
  }
}
