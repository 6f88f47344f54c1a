package dev.longtake.transforms.render;

import static com.google.common.base.Preconditions.checkState;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.transforms.settings.EngineSource;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The engine of one device in this process: at most one is open, and all who want the same share
 * it.
 *
 * <p>It is leased as often as it has lanes, so that who has a lease need not wait for a lane.
 * Whoever wants another one, for videos of another size, waits until nobody uses the present one,
 * which is then closed. Nobody overtakes: who comes later waits behind. The engine stays open
 * between leases, and is closed when the last holder lets go.
 */
final class EnginePool {
  // Bundles are handled by DoFn instances that know nothing of each other but share the device.
  private static final Map<String, EnginePool> BY_DEVICE = new ConcurrentHashMap<>();

  private final Object lock = new Object();

  @GuardedBy("lock")
  private @Nullable AvatarEngine engine;

  @GuardedBy("lock")
  private int leases;

  @GuardedBy("lock")
  private int holders;

  @GuardedBy("lock")
  private long nextTicket;

  @GuardedBy("lock")
  private long served;

  @GuardedBy("lock")
  private final Set<Long> abandoned = new HashSet<>();

  private EnginePool() {}

  /** Returns the pool of a device. */
  static EnginePool of(String device) {
    return BY_DEVICE.computeIfAbsent(device, name -> new EnginePool());
  }

  /** Says that leases will be wanted; {@link #letGo} must follow. */
  void hold() {
    synchronized (lock) {
      holders++;
    }
  }

  /** Takes {@link #hold} back. The last one closes the engine. */
  void letGo() {
    synchronized (lock) {
      checkState(holders > 0, "nobody holds the pool");
      holders--;
      if (holders == 0 && leases == 0) {
        closeEngine();
      }
    }
  }

  /**
   * Waits for the right to use an engine, and opens it if need be.
   *
   * @return to be closed by the caller, who must have closed all takes
   * @throws InterruptedException if interrupted while waiting
   */
  EngineLease acquire(EngineSource engines, EngineConfig config) throws InterruptedException {
    synchronized (lock) {
      long ticket = nextTicket++;
      try {
        while (served != ticket || !isFreeFor(config)) {
          lock.wait();
        }
        if (engine == null) {
          engine = engines.provider().open(config);
        }
        leases++;
        return new EngineLease(this, engine);
      } finally {
        leaveQueue(ticket);
      }
    }
  }

  void giveBack() {
    synchronized (lock) {
      leases--;
      if (holders == 0 && leases == 0) {
        closeEngine();
      }
      lock.notifyAll();
    }
  }

  /** Returns whether the engine is the right one, or could be made so: the wrong one is closed. */
  @GuardedBy("lock")
  private boolean isFreeFor(EngineConfig config) {
    if (engine != null && engine.config().equals(config)) {
      return leases < config.lanes();
    }
    if (leases > 0) {
      return false;
    }
    closeEngine();
    return true;
  }

  @GuardedBy("lock")
  private void leaveQueue(long ticket) {
    // One that was interrupted further back is passed over when its turn comes.
    if (served == ticket) {
      served++;
      while (abandoned.remove(served)) {
        served++;
      }
    } else {
      abandoned.add(ticket);
    }
    lock.notifyAll();
  }

  @GuardedBy("lock")
  private void closeEngine() {
    if (engine != null) {
      AvatarEngine closing = engine;
      engine = null;
      closing.close();
    }
  }
}
