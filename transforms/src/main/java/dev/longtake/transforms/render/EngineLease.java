package dev.longtake.transforms.render;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.LeasableDevice;

/** The right to use a device's engine, shared with others who want the same one. */
final class EngineLease implements AutoCloseable {
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

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      pool.giveBack(place);
    }
  }
}
