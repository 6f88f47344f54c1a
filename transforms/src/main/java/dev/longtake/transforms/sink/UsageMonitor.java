package dev.longtake.transforms.sink;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures how this process's devices are used, on a daemon thread of its own, for {@link
 * UsageFile} and for the report's plot, whose samples are bounded ({@link BoundedSeries}).
 *
 * <p>Safe for use by several threads.
 */
final class UsageMonitor implements AutoCloseable {
  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final int MAX_SAMPLES = 600;

  private final Supplier<List<DeviceReading>> devices;
  private final InstantSource clock;
  private final UsageFile file;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Map<String, BoundedSeries<UsageSample>> series = new TreeMap<>();

  @GuardedBy("lock")
  private final Map<String, Copied> last = new HashMap<>();

  private @Nullable SteadyTask task;

  /** What was copied up to a time. */
  private record Copied(Instant time, long bytes) {}

  UsageMonitor(Supplier<List<DeviceReading>> devices, InstantSource clock, String output)
      throws IOException {
    this.devices = devices;
    this.clock = clock;
    this.file = new UsageFile(output);
  }

  /**
   * Starts to measure once a second.
   *
   * @param devices returns how the devices are used on which engines are open at the moment
   * @param output directory to publish the file in, no trailing slash
   */
  static UsageMonitor start(Supplier<List<DeviceReading>> devices, String output)
      throws IOException {
    UsageMonitor monitor = new UsageMonitor(devices, InstantSource.system(), output);
    monitor.task = SteadyTask.start("longtake-usage-monitor", PERIOD, monitor::measure);
    return monitor;
  }

  /** Returns a copy of the samples so far, device by device and oldest first. */
  List<UsageSample> samples() {
    synchronized (lock) {
      return series.values().stream().flatMap(one -> one.samples().stream()).toList();
    }
  }

  /** Takes one measurement of every device. */
  void measure() throws IOException {
    List<DeviceReading> readings = devices.get();
    Instant now = clock.instant();
    List<UsageSample> samples = new ArrayList<>();
    synchronized (lock) {
      for (DeviceReading reading : readings) {
        UsageSample sample = sample(now, reading);
        series
            .computeIfAbsent(
                reading.device(), device -> new BoundedSeries<>(MAX_SAMPLES, UsageSample::with))
            .add(sample);
        samples.add(sample);
      }
    }
    file.add(now, samples);
  }

  /** Stops, and publishes the file if there is anything in it. Closing again does nothing. */
  @Override
  public void close() {
    if (task != null) {
      task.close();
    }
    file.close();
  }

  @GuardedBy("lock")
  private UsageSample sample(Instant now, DeviceReading reading) {
    Copied before = last.put(reading.device(), new Copied(now, reading.copiedBytes()));
    double copiedGbps = 0;
    if (before != null && now.isAfter(before.time)) {
      long nanos = Duration.between(before.time, now).toNanos();
      // Another engine may have been opened, which has copied less.
      long bytes = Math.max(0, reading.copiedBytes() - before.bytes);
      copiedGbps = (double) bytes / nanos; // bytes a nanosecond are 10⁹ a second
    }
    return new UsageSample(
        now,
        reading.device(),
        reading.memoryBytes(),
        reading.utilization(),
        copiedGbps,
        reading.takes());
  }
}
