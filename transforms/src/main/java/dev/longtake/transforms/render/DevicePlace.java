package dev.longtake.transforms.render;

import com.google.common.base.Splitter;
import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.DeviceHealth;
import dev.longtake.runtime.api.DeviceLoad;
import dev.longtake.runtime.api.DeviceUse;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.GpuLease;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.transforms.sink.DeviceReading;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A device that this process has leased, and the engine on it. Guarded by its pool's lock. */
final class DevicePlace {
  private final GpuLease lease;
  private final DeviceHealth health;
  private @Nullable EngineConfig wanted; // what the engine was opened with, or is being
  private @Nullable AvatarEngine engine;
  private Company company = Company.SHARED;
  private int takes;
  private State state = State.WELL;
  private final AtomicLong toldCopies = new AtomicLong();
  private volatile Duration slowestClip = Duration.ZERO;

  private enum State {
    WELL,
    LOST,
    HUNG
  }

  DevicePlace(GpuLease lease, DeviceHealth health) {
    this.lease = lease;
    this.health = health;
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
    return engine != null && isFreeFor(config);
  }

  /** Returns whether such an engine is being opened, and will have a free lane. */
  boolean willHaveLaneFor(EngineConfig config) {
    return engine == null && takes > 0 && isFreeFor(config);
  }

  private boolean isFreeFor(EngineConfig config) {
    return isWell() && company == Company.SHARED && config.equals(wanted) && takes < lanes(config);
  }

  /** Returns the lanes; while an engine that finds out itself is being opened, there is one. */
  private int lanes(EngineConfig config) {
    return engine == null ? Math.max(1, config.lanes()) : engine.config().lanes();
  }

  /** Returns whether nobody uses the device. */
  boolean isIdle() {
    return takes == 0;
  }

  /** Returns whether nothing is known against the device. */
  boolean isWell() {
    return state == State.WELL;
  }

  @Nullable AvatarEngine engine() {
    return engine;
  }

  DeviceHealth health() {
    return health;
  }

  /** Returns how long the slowest clip has taken, zero if there was none. Safe without the lock. */
  Duration slowestClip() {
    return slowestClip;
  }

  /** Notes how long a clip has taken. Safe without the lock. */
  synchronized void clipTook(Duration time) {
    if (time.compareTo(slowestClip) > 0) {
      slowestClip = time;
    }
  }

  /**
   * Returns how each of the devices is used on which an engine is open. Safe without the lock, and
   * after the engine was closed.
   *
   * @param inProgress takes
   */
  List<DeviceReading> readings(AvatarEngine open, int inProgress) {
    List<String> names = Splitter.on(',').splitToList(device().device());
    List<DeviceUse> uses = open.use();
    List<DeviceLoad> loads = health.load();
    List<DeviceReading> readings = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      DeviceUse use = i < uses.size() ? uses.get(i) : DeviceUse.NONE;
      readings.add(DeviceReading.of(names.get(i), use, loads.get(i), inProgress));
    }
    return readings;
  }

  /** Returns the bytes that an engine has copied since last time. Safe without the lock. */
  long copiedBytesSinceLastAsked(AvatarEngine used) {
    long copied = used.use().stream().mapToLong(DeviceUse::copiedBytes).sum();
    return Math.max(0, copied - toldCopies.getAndAccumulate(copied, Math::max));
  }

  /** Counts somebody who uses the device, and opens the engine if it is not there. */
  void reserve(EngineConfig config, Company whose) {
    if (!config.equals(wanted)) {
      closeEngine();
    }
    wanted = config;
    company = whose;
    takes++;
  }

  void opened(AvatarEngine opened) {
    engine = opened;
  }

  void leave() {
    takes--;
    if (takes == 0) {
      company = Company.SHARED;
    }
    if (engine == null && takes == 0) {
      wanted = null;
    }
  }

  /** Lets nobody use the device any more. */
  void lose(boolean hangs) {
    state = hangs || state == State.HUNG ? State.HUNG : State.LOST;
  }

  /**
   * Returns what reads how the devices are used, to be called without the lock; empty while no
   * engine is open.
   */
  Optional<Supplier<List<DeviceReading>>> reader() {
    AvatarEngine open = engine;
    int inProgress = takes;
    return open == null || state == State.HUNG
        ? Optional.empty()
        : Optional.of(() -> readings(open, inProgress));
  }

  private void closeEngine() {
    AvatarEngine closing = engine;
    engine = null;
    wanted = null;
    slowestClip = Duration.ZERO;
    toldCopies.set(0);
    if (closing != null) {
      closing.close();
    }
  }

  /**
   * Closes the engine, and gives the device back to the host. What hangs cannot be closed: engine
   * and lease remain until the process ends.
   *
   * @throws RuntimeException if the engine could not be closed; the device was given back
   */
  void close() {
    if (state == State.HUNG) {
      return;
    }
    try {
      closeEngine();
    } finally {
      health.close();
      lease.close();
    }
  }
}
