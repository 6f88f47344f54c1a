package dev.longtake.runtime.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The devices of a host, each leased to one process at a time.
 *
 * <p>A lease is a lock on the file {@code <id>.lock}. The operating system takes it back when its
 * process ends, however it ends. Processes exclude one another if they see the same directory;
 * those in containers need it from their host. Beside it, {@code <id>.quarantine} says why a device
 * is refused to everybody: its first quarantine is 10 minutes, each further one twice as long, a
 * day at most. Deleting the file ends it.
 *
 * <p>Instances hold nothing open. What they throw, where the directory cannot be used, is
 * DEVICE_UNAVAILABLE.
 */
public final class GpuLeases {
  private static final Duration FIRST_QUARANTINE = Duration.ofMinutes(10);
  private static final int MOST_DOUBLINGS = 7;
  private static final Duration LONGEST_QUARANTINE = Duration.ofDays(1);
  private static final Set<PosixFilePermission> EVERYBODYS =
      EnumSet.allOf(PosixFilePermission.class);

  // A second channel of a locked file must not be opened: closing it would give up the lock.
  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final InstantSource clock;

  /** Leases devices by files in {@code directory}, which need not exist yet. */
  public GpuLeases(Path directory) {
    this(directory, InstantSource.system());
  }

  GpuLeases(Path directory, InstantSource clock) {
    this.directory = requireNonNull(directory, "directory").toAbsolutePath().normalize();
    this.clock = requireNonNull(clock, "clock");
  }

  /**
   * Leases a device, unless somebody has it or it is in quarantine. Does not wait.
   *
   * @return the lease, to be closed; empty if the device cannot be had at the moment
   */
  public Optional<GpuLease> tryAcquire(LeasableDevice device) {
    if (!device.members().isEmpty()) {
      return TeamLease.tryAcquire(this, device);
    }
    if (quarantine(device).isPresent()) {
      return Optional.empty();
    }
    if (!device.exclusive()) {
      return Optional.of(new Lease(device, null, null));
    }
    Path file = directory.resolve(device.id() + ".lock");
    if (!HELD_HERE.add(file)) {
      return Optional.empty();
    }
    Optional<GpuLease> lease = Optional.empty();
    try {
      lease = lock(device, file);
      return lease;
    } catch (IOException e) {
      throw unusable(e);
    } finally {
      if (lease.isEmpty()) {
        HELD_HERE.remove(file);
      }
    }
  }

  private Optional<GpuLease> lock(LeasableDevice device, Path file) throws IOException {
    makeDirectory();
    boolean isNew = Files.notExists(file);
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = null;
    try {
      lock = channel.tryLock();
      if (lock == null) {
        return Optional.empty();
      }
      if (isNew) {
        open(file);
      }
      String holder =
          "process %d has %s since %s\n"
              .formatted(ProcessHandle.current().pid(), device, clock.instant());
      channel.truncate(0).write(ByteBuffer.wrap(holder.getBytes(UTF_8)));
      return Optional.of(new Lease(device, file, channel));
    } finally {
      if (lock == null) {
        channel.close();
      }
    }
  }

  /** Returns why a device is refused, or empty if it is not. */
  public Optional<Quarantine> quarantine(LeasableDevice device) {
    if (!device.members().isEmpty()) {
      return device.members().stream().flatMap(each -> quarantine(each).stream()).findFirst();
    }
    return record(device).filter(found -> found.until().isAfter(clock.instant()));
  }

  /**
   * Refuses a device from now on for a while; who has it keeps it. Of a team, which device is to
   * blame is not known, so all are refused.
   *
   * @param evidence what it did, for people
   */
  public Quarantine refuse(LeasableDevice device, String evidence) {
    if (!device.members().isEmpty()) {
      List<Quarantine> made = new ArrayList<>();
      device.members().forEach(each -> made.add(refuse(each, evidence)));
      return made.get(0);
    }
    int faults = record(device).map(Quarantine::faults).orElse(0) + 1;
    Duration length = FIRST_QUARANTINE.multipliedBy(1L << Math.min(faults - 1, MOST_DOUBLINGS));
    if (length.compareTo(LONGEST_QUARANTINE) > 0) {
      length = LONGEST_QUARANTINE;
    }
    Instant now = clock.instant();
    Quarantine made = new Quarantine(now, now.plus(length), faults, evidence);
    Properties values = new Properties();
    values.setProperty("device", device.description());
    values.setProperty("process", Long.toString(ProcessHandle.current().pid()));
    values.setProperty("since", made.since().toString());
    values.setProperty("until", made.until().toString());
    values.setProperty("faults", Integer.toString(faults));
    values.setProperty("evidence", evidence);
    try {
      makeDirectory();
      StringWriter text = new StringWriter();
      values.store(text, "Longtake refuses this device. Delete this file to end that.");
      Path temporary = Files.createTempFile(directory, device.id(), ".new");
      Files.writeString(temporary, text.toString());
      Files.move(temporary, quarantineFile(device), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw unusable(e);
    }
    return made;
  }

  /** Forgets the faults of a device, because it has done its work. */
  public void forgive(LeasableDevice device) {
    device.members().forEach(this::forgive);
    try {
      Files.deleteIfExists(quarantineFile(device));
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  /** Returns the file that says why a device is refused, or the first such one of a team. */
  public Path quarantineFile(LeasableDevice device) {
    if (!device.members().isEmpty()) {
      return device.members().stream()
          .filter(each -> quarantine(each).isPresent())
          .map(this::quarantineFile)
          .findFirst()
          .orElseGet(() -> quarantineFile(device.members().get(0)));
    }
    return directory.resolve(device.id() + ".quarantine");
  }

  private Optional<Quarantine> record(LeasableDevice device) {
    Properties values = new Properties();
    try (Reader reader = Files.newBufferedReader(quarantineFile(device))) {
      values.load(reader);
      return Optional.of(
          new Quarantine(
              Instant.parse(values.getProperty("since")),
              Instant.parse(values.getProperty("until")),
              Integer.parseInt(values.getProperty("faults")),
              values.getProperty("evidence")));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw unusable(e);
    } catch (RuntimeException e) {
      throw new LongtakeException(
          ErrorCode.DEVICE_UNAVAILABLE,
          "%s is no record of a quarantine. Delete it.".formatted(quarantineFile(device)),
          e);
    }
  }

  private void makeDirectory() throws IOException {
    if (Files.notExists(directory)) {
      Files.createDirectories(directory);
      open(directory);
    }
  }

  /** Lets processes of other users use a file or directory as well. */
  private static void open(Path path) throws IOException {
    try {
      Files.setPosixFilePermissions(path, EVERYBODYS);
    } catch (UnsupportedOperationException e) {
      throw new IOException("%s is on a file system without permissions".formatted(path), e);
    }
  }

  private LongtakeException unusable(IOException e) {
    return new LongtakeException(
        ErrorCode.DEVICE_UNAVAILABLE,
        "The directory %s, where leases of devices are kept, cannot be used: %s. Make it writable, or name another one with --leaseDir or LONGTAKE_LEASE_DIR."
            .formatted(directory, e),
        e);
  }

  /** A held lock, or nothing where the device is everybody's. */
  private record Lease(LeasableDevice device, @Nullable Path file, @Nullable FileChannel channel)
      implements GpuLease {
    @Override
    public void close() {
      if (file == null || channel == null || !channel.isOpen()) {
        return;
      }
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        HELD_HERE.remove(file);
      }
    }
  }
}
