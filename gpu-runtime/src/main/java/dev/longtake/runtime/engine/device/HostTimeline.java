package dev.longtake.runtime.engine.device;

import java.util.ArrayList;
import java.util.List;

/** For operations that are done when they return. */
final class HostTimeline implements Timeline {
  private static final double NANOS_PER_MILLI = 1e6;

  private final List<Long> nanos = new ArrayList<>();

  @Override
  public int mark() {
    nanos.add(System.nanoTime());
    return nanos.size() - 1;
  }

  @Override
  public double millisBetween(int first, int second) {
    return (nanos.get(second) - nanos.get(first)) / NANOS_PER_MILLI;
  }

  @Override
  public void close() {}
}
