package dev.longtake.transforms.render;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.GpuLease;
import dev.longtake.runtime.api.LeasableDevice;
import org.jspecify.annotations.Nullable;

/** A device that this process has leased, and the engine on it. Guarded by its pool's lock. */
final class DevicePlace {
  private final GpuLease lease;
  private @Nullable EngineConfig wanted; // what the engine was opened with, or is being
  private @Nullable AvatarEngine engine;
  private int takes;

  DevicePlace(GpuLease lease) {
    this.lease = lease;
  }

  LeasableDevice device() {
    return lease.device();
  }

  /** Returns how many have the right to use the engine. */
  int takes() {
    return takes;
  }

  /** Returns whether the engine is the one that is wanted, and has a free lane. */
  boolean hasLaneFor(EngineConfig config) {
    return engine != null && config.equals(wanted) && takes < config.lanes();
  }

  /** Returns whether such an engine is being opened, and will have a free lane. */
  boolean willHaveLaneFor(EngineConfig config) {
    return engine == null && takes > 0 && config.equals(wanted) && takes < config.lanes();
  }

  /** Returns whether nobody uses the device. */
  boolean isIdle() {
    return takes == 0;
  }

  @Nullable AvatarEngine engine() {
    return engine;
  }

  /** Counts somebody who will open the engine; whoever is there now must be nobody. */
  void reserve(EngineConfig config) {
    wanted = config;
    takes++;
  }

  void opened(AvatarEngine opened) {
    engine = opened;
  }

  /** Counts somebody who uses the engine. */
  void join() {
    takes++;
  }

  void leave() {
    takes--;
  }

  void closeEngine() {
    AvatarEngine closing = engine;
    engine = null;
    wanted = null;
    if (closing != null) {
      closing.close();
    }
  }

  /** Closes the engine, and gives the device back to the host. */
  void close() {
    try {
      closeEngine();
    } finally {
      lease.close();
    }
  }
}
