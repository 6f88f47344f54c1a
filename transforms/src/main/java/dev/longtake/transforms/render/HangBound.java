package dev.longtake.transforms.render;

import java.time.Duration;

/**
 * How long a device may show no progress before it counts as hung: many times what its slowest clip
 * has taken. Before there was one, what loading, compiling kernels and a first clip could need.
 *
 * @param first until the engine has made a clip
 * @param least however fast its clips are
 */
record HangBound(Duration first, Duration least) {
  /** The usual one. */
  static final HangBound USUAL = new HangBound(Duration.ofMinutes(20), Duration.ofMinutes(1));

  private static final int TIMES = 20;

  /**
   * Returns the bound.
   *
   * @param slowestClip that the engine has made, zero if it has made none
   */
  Duration after(Duration slowestClip) {
    if (slowestClip.isZero()) {
      return first;
    }
    Duration many = slowestClip.multipliedBy(TIMES);
    return many.compareTo(least) < 0 ? least : many;
  }
}
