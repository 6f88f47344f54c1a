package dev.longtake.runtime.memory;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Locale;

/**
 * The bytes that an engine needs on a device, by use; known before anything is allocated.
 *
 * @param weightBytes parameters and what is computed from them once
 * @param laneBytes what one take keeps: caches, VAE streams, latents
 * @param lanes takes in progress at once
 * @param workspaceBytes intermediate results, shared by everything that computes
 */
public record MemoryPlan(long weightBytes, long laneBytes, int lanes, long workspaceBytes) {
  private static final double GIB = 1L << 30;

  /** Checks that nothing is negative. */
  public MemoryPlan {
    checkArgument(
        weightBytes >= 0 && laneBytes >= 0 && lanes >= 1 && workspaceBytes >= 0,
        "not a plan: %s weights, %s lanes of %s, %s workspace",
        weightBytes,
        lanes,
        laneBytes,
        workspaceBytes);
  }

  /** Returns the sum of all uses. */
  public long totalBytes() {
    return weightBytes + lanes * laneBytes + workspaceBytes;
  }

  /** Returns the uses in GiB, for people. */
  public String describe() {
    return String.format(
        Locale.ROOT,
        "%.2f GiB: weights %.2f, %d lane%s of %.2f, workspace %.2f",
        totalBytes() / GIB,
        weightBytes / GIB,
        lanes,
        lanes == 1 ? "" : "s",
        laneBytes / GIB,
        workspaceBytes / GIB);
  }
}
