package dev.longtake.transforms.render;

import java.time.Duration;

/**
 * How long a device may show no progress before it counts as hung: many times what its slowest clip
 * has taken. Before there was one, what compiling kernels and a first frame could need, and many
 * times what the plan forecasts for a clip.
 *
 * @param compiling until the engine has made a clip, beside the clip itself
 * @param unplanned the same, of an engine without a forecast
 * @param least however fast its clips are
 */
record HangBound(Duration compiling, Duration unplanned, Duration least) {
  /** The usual one. */
  static final HangBound USUAL =
      new HangBound(Duration.ofMinutes(5), Duration.ofMinutes(20), Duration.ofMinutes(1));

  private static final int TIMES = 20;

  /**
   * Returns the bound.
   *
   * @param slowestClip that the engine has made, zero if it has made none
   * @param plannedClip by the engine's forecast, zero if it has none
   */
  Duration after(Duration slowestClip, Duration plannedClip) {
    if (!slowestClip.isZero()) {
      Duration many = slowestClip.multipliedBy(TIMES);
      return many.compareTo(least) < 0 ? least : many;
    }
    return plannedClip.isZero() ? unplanned : compiling.plus(plannedClip.multipliedBy(TIMES));
  }
}
