package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Measures this process's resident memory, at a steady pace, on a daemon thread of its own.
 *
 * <p>Keeps a bounded number of samples however long it runs: when they are too many, each two
 * neighbours become the larger of them, and from then on a sample stands for twice the time. So the
 * highest value is never lost.
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
  private final int maxSamples;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final List<MemorySample> samples = new ArrayList<>();

  @GuardedBy("lock")
  private long measurementsPerSample = 1;

  @GuardedBy("lock")
  private long measurementsInLast; // 0 when the next measurement starts a sample

  private @Nullable Thread thread;

  /** Says how much memory is resident. */
  @FunctionalInterface
  interface Source {
    /** Returns resident bytes. */
    long residentBytes() throws IOException;
  }

  MemorySampler(Source source, InstantSource clock, int maxSamples) {
    checkArgument(
        maxSamples >= 2 && maxSamples % 2 == 0,
        "maxSamples must be even and at least 2, but was %s",
        maxSamples);
    this.source = source;
    this.clock = clock;
    this.maxSamples = maxSamples;
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
      return List.copyOf(samples);
    }
  }

  /** Stops measuring. The samples stay; closing again does nothing. */
  @Override
  public void close() {
    closing.countDown();
  }

  /** Measures once now, and then every {@code period} until closed. */
  void start(Duration period) throws IOException {
    measure();
    thread = new Thread(() -> run(period), "longtake-memory-sampler");
    thread.setDaemon(true);
    thread.start();
  }

  /** Takes one measurement. */
  void measure() throws IOException {
    long residentBytes = source.residentBytes();
    Instant now = clock.instant();
    synchronized (lock) {
      add(new MemorySample(now, residentBytes));
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

  private void run(Duration period) {
    try {
      while (!closing.await(period.toNanos(), TimeUnit.NANOSECONDS)) {
        measure();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // whoever interrupts this thread wants it to end
    } catch (IOException e) {
      close(); // it could be read at the start: the process is ending, and the plot ends here
    }
  }

  @GuardedBy("lock")
  private void add(MemorySample sample) {
    if (measurementsInLast == 0) {
      if (samples.size() == maxSamples) {
        halve();
      }
      samples.add(sample);
    } else {
      int last = samples.size() - 1;
      samples.set(last, larger(samples.get(last), sample));
    }
    measurementsInLast = (measurementsInLast + 1) % measurementsPerSample;
  }

  @GuardedBy("lock")
  private void halve() {
    for (int i = 0; i < maxSamples / 2; i++) {
      samples.set(i, larger(samples.get(2 * i), samples.get(2 * i + 1)));
    }
    samples.subList(maxSamples / 2, maxSamples).clear();
    measurementsPerSample *= 2;
  }

  private static MemorySample larger(MemorySample first, MemorySample second) {
    return second.residentBytes() > first.residentBytes() ? second : first;
  }
}
