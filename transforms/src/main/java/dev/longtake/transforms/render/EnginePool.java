package dev.longtake.transforms.render;

import static com.google.common.base.Preconditions.checkState;
import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.GpuLease;
import dev.longtake.runtime.api.GpuLeases;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Quarantine;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.WorkerDevices;
import dev.longtake.transforms.sink.DeviceReading;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engines of this process: at most one a device, shared by all who want the same.
 *
 * <p>An engine is leased as often as it has lanes, so that who has a lease need not wait for a
 * lane. Who finds no free lane gets a further device, if one is left of those that the process may
 * use and no other process has it; so a process leases as many as it has work for. Whoever wants
 * another engine, for videos of another size, waits until nobody uses the present one of some
 * device, which is then closed. Nobody overtakes: who comes later waits behind. Engines and devices
 * are kept between leases, and given up when the last holder lets go.
 */
final class EnginePool {
  private static final Logger LOG = LoggerFactory.getLogger(EnginePool.class);

  /** How often is looked whether another process has given a device back. */
  private static final long POLL_MILLIS = 500;

  private static final long FOR_EVER = 0;

  // Bundles are handled by DoFn instances that know nothing of each other but share the devices.
  private static final Map<WorkerDevices, EnginePool> OF_THIS_PROCESS = new ConcurrentHashMap<>();

  private final Object lock = new Object();
  private final WorkerDevices devices;
  private final GpuLeases leases;

  @GuardedBy("lock")
  private @Nullable List<LeasableDevice> known;

  @GuardedBy("lock")
  private final List<DevicePlace> places = new ArrayList<>();

  @GuardedBy("lock")
  private int holders;

  @GuardedBy("lock")
  private long nextTicket;

  @GuardedBy("lock")
  private long served;

  @GuardedBy("lock")
  private final Set<Long> abandoned = new HashSet<>();

  private EnginePool(WorkerDevices devices) {
    this.devices = devices;
    this.leases = new GpuLeases(Path.of(devices.leaseDir()));
  }

  /** Returns this process's pool of such devices. */
  static EnginePool of(WorkerDevices devices) {
    return OF_THIS_PROCESS.computeIfAbsent(devices, EnginePool::new);
  }

  /** Returns how this process's devices are used on which engines are open. */
  static List<DeviceReading> readingsOfThisProcess() {
    return OF_THIS_PROCESS.values().stream().flatMap(pool -> pool.readings().stream()).toList();
  }

  /** Returns how the devices are used on which engines are open. */
  List<DeviceReading> readings() {
    List<Supplier<List<DeviceReading>>> readers = new ArrayList<>();
    synchronized (lock) {
      places.forEach(place -> place.reader().ifPresent(readers::add));
    }
    return readers.stream().flatMap(reader -> reader.get().stream()).toList();
  }

  /** Says that leases will be wanted; {@link #letGo} must follow. */
  void hold() {
    synchronized (lock) {
      holders++;
    }
  }

  /** Takes {@link #hold} back. The last one closes the engines. */
  void letGo() {
    synchronized (lock) {
      checkState(holders > 0, "nobody holds the pool");
      holders--;
      closeIfUnused();
    }
  }

  /**
   * Waits for the right to use an engine, and opens it if need be.
   *
   * @return to be closed by the caller, who must have closed all takes
   * @throws InterruptedException if interrupted while waiting
   * @throws LongtakeException DEVICE_UNAVAILABLE if all devices are in quarantine, and it is not
   *     worth waiting; or what opening the engine throws
   */
  EngineLease acquire(EngineSource engines, EngineChoice choice, Company company)
      throws InterruptedException {
    DevicePlace place;
    synchronized (lock) {
      know(engines, choice);
      long ticket = nextTicket++;
      try {
        place = awaitPlace(engines, choice, company, ticket);
      } finally {
        leaveQueue(ticket);
      }
      AvatarEngine engine = place.engine();
      if (engine != null) {
        return new EngineLease(this, place, engine);
      }
    }
    return open(engines, choice, place);
  }

  @GuardedBy("lock")
  private DevicePlace awaitPlace(
      EngineSource engines, EngineChoice choice, Company company, long ticket)
      throws InterruptedException {
    boolean said = false;
    while (true) {
      if (served == ticket) {
        Optional<DevicePlace> found = find(engines, choice, company);
        if (found.isPresent()) {
          return found.get();
        }
        requireHope();
        if (!said && places.size() < known().size()) {
          said = true;
          LOG.warn("Waiting for a device: {}", whyNot());
        }
      }
      boolean mayComeFromOthers = served == ticket && places.size() < known().size();
      lock.wait(mayComeFromOthers ? POLL_MILLIS : FOR_EVER);
    }
  }

  /** Takes a lane of the engine that is wanted, or a device to open it on, if there is one. */
  @GuardedBy("lock")
  private Optional<DevicePlace> find(EngineSource engines, EngineChoice choice, Company company) {
    Optional<DevicePlace> shared =
        places.stream()
            .filter(place -> company == Company.SHARED || place.isIdle())
            .filter(place -> place.hasLaneFor(choice.on(place.device())))
            .min(Comparator.comparingInt(DevicePlace::takes));
    if (shared.isPresent()) {
      shared.get().reserve(choice.on(shared.get().device()), company);
      return shared;
    }
    if (company == Company.SHARED
        && places.stream().anyMatch(place -> place.willHaveLaneFor(choice.on(place.device())))) {
      return Optional.empty();
    }
    Optional<DevicePlace> own =
        places.stream().filter(DevicePlace::isIdle).filter(DevicePlace::isWell).findFirst();
    if (own.isEmpty()) {
      own = lease(engines);
    }
    own.ifPresent(place -> place.reserve(choice.on(place.device()), company));
    return own;
  }

  /** Leases a device that this process does not have yet. */
  @GuardedBy("lock")
  private Optional<DevicePlace> lease(EngineSource engines) {
    for (LeasableDevice device : free()) {
      Optional<GpuLease> lease = leases.tryAcquire(device);
      if (lease.isPresent()) {
        Optional<DevicePlace> place = tryOut(engines, lease.get());
        if (place.isPresent()) {
          LOG.info("Leased {} ({})", device, device.id());
          places.add(place.get());
          return place;
        }
      }
    }
    return Optional.empty();
  }

  private Optional<DevicePlace> tryOut(EngineSource engines, GpuLease lease) {
    try {
      return Optional.of(new DevicePlace(lease, engines.provider().watch(lease.device())));
    } catch (LongtakeException e) {
      lease.close();
      if (e.code() != ErrorCode.DEVICE_FAULT) {
        throw e;
      }
      refuse(lease.device(), e);
      return Optional.empty();
    } catch (RuntimeException | Error e) {
      lease.close();
      throw e;
    }
  }

  private void refuse(LeasableDevice device, LongtakeException fault) {
    Quarantine made = leases.refuse(device, String.valueOf(fault.getMessage()));
    LOG.warn(
        "{} is refused until {}, or until {} is deleted: {}",
        device,
        made.until(),
        leases.quarantineFile(device),
        made.evidence(),
        fault);
  }

  /** Fails where no device can come any more, unless it is worth waiting for one. */
  @GuardedBy("lock")
  private void requireHope() {
    boolean allRefused = known().stream().allMatch(device -> leases.quarantine(device).isPresent());
    if (allRefused && places.stream().noneMatch(DevicePlace::isWell) && !devices.patient()) {
      throw new LongtakeException(
          ErrorCode.DEVICE_UNAVAILABLE,
          "No device is left to compute on: %s. Look after it; deleting the file ends a quarantine."
              .formatted(whyNot()));
    }
  }

  /** Says why no further device can be had. */
  @GuardedBy("lock")
  private String whyNot() {
    return free().stream()
        .map(
            device ->
                leases
                    .quarantine(device)
                    .map(
                        found ->
                            "%s is refused until %s (%s): %s"
                                .formatted(
                                    device,
                                    found.until(),
                                    leases.quarantineFile(device),
                                    found.evidence()))
                    .orElse("another process has " + device))
        .collect(joining("; "));
  }

  /** Opens an engine while others go on with theirs. */
  private EngineLease open(EngineSource engines, EngineChoice choice, DevicePlace place) {
    EngineConfig config = choice.on(place.device());
    try {
      AvatarEngine engine = engines.provider().open(config);
      synchronized (lock) {
        place.opened(engine);
        lock.notifyAll();
      }
      return new EngineLease(this, place, engine);
    } catch (RuntimeException | Error e) {
      if (e instanceof LongtakeException fault && fault.code() == ErrorCode.DEVICE_FAULT) {
        lose(place, fault);
      }
      giveBack(place);
      throw e;
    }
  }

  /** Lets nobody use a device any more, neither here nor in other processes. */
  void lose(DevicePlace place, LongtakeException fault) {
    synchronized (lock) {
      boolean first = place.isWell();
      place.lose(fault instanceof ProgressWatch.HangException);
      if (first) {
        refuse(place.device(), fault);
      }
    }
  }

  /** Returns whether this process has a device left to go on with. */
  boolean mayGoOn() {
    synchronized (lock) {
      return known == null
          || places.stream().anyMatch(DevicePlace::isWell)
          || known.stream().anyMatch(device -> leases.quarantine(device).isEmpty());
    }
  }

  /** Says that a device has done its work. */
  void praise(DevicePlace place) {
    synchronized (lock) {
      if (place.isWell()) {
        leases.forgive(place.device());
      }
    }
  }

  void giveBack(DevicePlace place) {
    synchronized (lock) {
      place.leave();
      if (place.isIdle() && !place.isWell()) {
        places.remove(place);
        closeLost(place);
      }
      closeIfUnused();
      lock.notifyAll();
    }
  }

  /** Closes what a broken device has left: most of that fails, which nobody needs to know. */
  private static void closeLost(DevicePlace place) {
    try {
      place.close();
    } catch (RuntimeException e) {
      LOG.info("The engine on {} could not be closed after it broke down", place.device(), e);
    }
  }

  /** Looks for the devices that this process may use, as teams where an engine uses several. */
  @GuardedBy("lock")
  private void know(EngineSource engines, EngineChoice choice) {
    if (known == null) {
      known = devices.leasable(engines.provider(), choice::on);
    }
  }

  /** Returns the devices that this process may use. */
  @GuardedBy("lock")
  private List<LeasableDevice> known() {
    return requireNonNull(known);
  }

  /** Returns the devices that this process may use and has not leased. */
  @GuardedBy("lock")
  private List<LeasableDevice> free() {
    List<LeasableDevice> free = new ArrayList<>(known());
    places.forEach(place -> free.remove(place.device()));
    return free;
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
  private void closeIfUnused() {
    if (holders == 0 && places.stream().allMatch(DevicePlace::isIdle)) {
      List<DevicePlace> closing = List.copyOf(places);
      places.clear();
      known = null;
      closing.forEach(DevicePlace::close);
    }
  }
}
