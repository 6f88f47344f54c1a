package dev.longtake.transforms.render;

import dev.longtake.runtime.api.AvatarEngine;

/** The right to use a device's engine, shared with others who want the same one. */
final class EngineLease implements AutoCloseable {
  private final EnginePool pool;
  private final AvatarEngine engine;
  private boolean closed;

  EngineLease(EnginePool pool, AvatarEngine engine) {
    this.pool = pool;
    this.engine = engine;
  }

  /** Returns the engine, not to be closed by whoever leases it. */
  AvatarEngine engine() {
    return engine;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      pool.giveBack();
    }
  }
}
