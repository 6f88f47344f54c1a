package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.Timeline;
import dev.longtake.runtime.ops.Ops;
import java.util.IdentityHashMap;

/** A clock for each device that takes are rendered on, opened when it is first asked for. */
final class Clocks implements AutoCloseable {
  private final IdentityHashMap<Ops, Timeline> timelines = new IdentityHashMap<>();

  /**
   * A point in the work of one device.
   *
   * @param number of the mark
   */
  record Mark(Timeline clock, int number) {
    /** Returns the milliseconds to a later mark of the same device; waits for it. */
    double millisUntil(Mark later) {
      if (later.clock != clock) {
        throw new IllegalArgumentException("marks of two devices cannot be compared");
      }
      return clock.millisBetween(number, later.number);
    }

    boolean isOfTheSameClockAs(Mark other) {
      return clock == other.clock;
    }
  }

  /** Marks the point behind everything that is queued on a device. Does not wait. */
  static Mark mark(Timeline clock) {
    return new Mark(clock, clock.mark());
  }

  /** Returns a device's clock, which belongs to this. */
  synchronized Timeline of(ComputeDevice device, Ops ops) {
    return timelines.computeIfAbsent(ops, device::openTimeline);
  }

  @Override
  public synchronized void close() {
    timelines.values().forEach(Timeline::close);
    timelines.clear();
  }
}
