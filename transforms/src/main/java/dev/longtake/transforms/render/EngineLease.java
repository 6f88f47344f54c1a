package dev.longtake.transforms.render;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.transforms.sink.DeviceReading;
import java.time.Duration;

/** The right to use a device's engine, shared with others who want the same one. */
final class EngineLease implements AutoCloseable {
  private static final double NANOS = 1e9;

  private final EnginePool pool;
  private final DevicePlace place;
  private final AvatarEngine engine;
  private boolean closed;

  EngineLease(EnginePool pool, DevicePlace place, AvatarEngine engine) {
    this.pool = pool;
    this.place = place;
    this.engine = engine;
  }

  /** Returns the engine, not to be closed by whoever leases it. */
  AvatarEngine engine() {
    return engine;
  }

  /** Returns what the engine computes on. */
  LeasableDevice device() {
    return place.device();
  }

  /**
   * Returns if nothing bad has been heard of the device.
   *
   * @throws LongtakeException DEVICE_FAULT
   */
  void check() {
    place.health().check();
  }

  /** Returns how long the engine's slowest clip has taken, zero if there was none. */
  Duration slowestClip() {
    return place.slowestClip();
  }

  /** Returns how long the engine's plan says that a clip takes, zero if it does not say. */
  Duration plannedClip() {
    double fps = engine.choice().takeFps();
    double seconds = fps == 0 ? 0 : engine.config().clipFrames() / fps;
    return Duration.ofNanos((long) (seconds * NANOS));
  }

  /** Notes how long a clip has taken. */
  void clipTook(Duration time) {
    place.clipTook(time);
  }

  /** Returns the memory in use of the device, or of the one of a team of which it is the most. */
  long usedBytes() {
    return place.readings(engine, 1).stream()
        .mapToLong(DeviceReading::memoryBytes)
        .max()
        .orElseThrow();
  }

  /** Returns the bytes that the engine has copied since the last one who asked. */
  long copiedBytesSinceLastAsked() {
    return place.copiedBytesSinceLastAsked(engine);
  }

  /** Says that the device has done its work. */
  void praise() {
    pool.praise(place);
  }

  /** Says that the device has broken down: it goes into quarantine, and nobody gets it here. */
  void lose(LongtakeException fault) {
    pool.lose(place, fault);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      pool.giveBack(place);
    }
  }
}
