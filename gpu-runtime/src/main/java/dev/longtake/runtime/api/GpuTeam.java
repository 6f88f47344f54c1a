package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;

import java.io.Serializable;

/**
 * How several devices share the work on a video.
 *
 * @param numGpusDit devices that denoise, with strategy {@code tpp}; 0 leaves it to the strategy
 * @param enableVaeParallel whether a device that is left over then decodes, with strategy {@code
 *     tpp}; else one of those that denoise does
 * @param ulyssesSize devices that each have a part of the tokens and of the heads, with strategy
 *     {@code sharded}; with 1 its devices have a part of the layers instead
 */
public record GpuTeam(int numGpusDit, boolean enableVaeParallel, int ulyssesSize)
    implements Serializable {
  /** What the strategy finds best. */
  public static final GpuTeam USUAL = new GpuTeam(0, true, 1);

  /** Checks every value on its own. */
  public GpuTeam {
    checkArgument(numGpusDit >= 0, "numGpusDit must not be negative, but was %s", numGpusDit);
    checkArgument(ulyssesSize >= 1, "ulyssesSize must be at least 1, but was %s", ulyssesSize);
  }
}
