package dev.longtake.transforms.sink;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Measures this process's resident memory, at a steady pace, on a daemon thread of its own.
 *
 * <p>Keeps a bounded number of samples however long it runs, of which each is the largest of the
 * measurements that it stands for. So the highest value is never lost.
 *
 * <p>Safe for use by several threads.
 */
public final class MemorySampler implements AutoCloseable {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Pattern FIELD = Pattern.compile("VmRSS:\\s*(\\d{1,15}) kB");
  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final int MAX_SAMPLES = 600;
  private static final long KIB = 1024;

  private final Source source;
  private final InstantSource clock;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final BoundedSeries<MemorySample> samples;

  private @Nullable SteadyTask task;

  /** Says how much memory is resident. */
  @FunctionalInterface
  interface Source {
    /** Returns resident bytes. */
    long residentBytes() throws IOException;
  }

  MemorySampler(Source source, InstantSource clock, int maxSamples) {
    this.source = source;
    this.clock = clock;
    this.samples = new BoundedSeries<>(maxSamples, MemorySampler::larger);
  }

  /**
   * Starts to measure this process once a second, the first time at once.
   *
   * @throws IOException if this system does not say it in {@code /proc/self/status}, as Linux does
   */
  public static MemorySampler start() throws IOException {
    MemorySampler sampler =
        new MemorySampler(() -> parse(STATUS), InstantSource.system(), MAX_SAMPLES);
    sampler.start(PERIOD);
    return sampler;
  }

  /** Returns a copy of the samples so far, oldest first: at least one, at most 600. */
  public List<MemorySample> samples() {
    synchronized (lock) {
      return samples.samples();
    }
  }

  /** Stops measuring. The samples stay; closing again does nothing. */
  @Override
  public void close() {
    if (task != null) {
      task.close();
    }
  }

  /** Measures once now, and then every {@code period} until closed. */
  void start(Duration period) throws IOException {
    measure();
    // Where it could be read at the start and cannot any more, the process is ending.
    task = SteadyTask.start("longtake-memory-sampler", period, this::measure);
  }

  /** Takes one measurement. */
  void measure() throws IOException {
    long residentBytes = source.residentBytes();
    Instant now = clock.instant();
    synchronized (lock) {
      samples.add(new MemorySample(now, residentBytes));
    }
  }

  /** Returns the resident bytes that a {@code status} file of Linux's proc tells. */
  static long parse(Path status) throws IOException {
    for (String line : Files.readAllLines(status)) {
      Matcher field = FIELD.matcher(line);
      if (field.matches()) {
        return Long.parseLong(field.group(1)) * KIB;
      }
    }
    throw new IOException(
        "%s should have a line 'VmRSS: <number> kB', but has none. Is this Linux?"
            .formatted(status));
  }

  private static MemorySample larger(MemorySample first, MemorySample second) {
    return second.residentBytes() > first.residentBytes() ? second : first;
  }
}
