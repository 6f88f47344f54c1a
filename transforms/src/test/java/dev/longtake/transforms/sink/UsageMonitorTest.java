package dev.longtake.transforms.sink;

import static dev.longtake.transforms.sink.SinkSamples.START;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.transforms.sink.SinkSamples.FakeClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsageMonitorTest {
  private final FakeClock clock = new FakeClock();
  private final AtomicReference<List<DeviceReading>> devices = new AtomicReference<>(List.of());

  @Test
  void writesALineADeviceAndMeasurement(@TempDir Path output) throws IOException {
    try (UsageMonitor monitor = monitor(output)) {
      monitor.measure();
      clock.advance(1);
      devices.set(List.of(gpu(0, 1), new DeviceReading("cpu:1", 7, Double.NaN, 0, 0)));
      monitor.measure();
      clock.advance(0.5);
      devices.set(List.of(gpu(8_000_000_000L, 4)));
      monitor.measure();
    }

    assertThat(Files.readString(output.resolve(UsageFile.NAME)))
        .isEqualTo(
            """
            time,device,memory_bytes,utilization,copied_gbps,lanes
            %2$s,cuda:0,1000,0.75,0.000,1
            %2$s,cpu:1,7,,0.000,0
            %3$s,cuda:0,1000,0.75,16.000,4
            """
                .formatted(START, START.plusSeconds(1), START.plusMillis(1500)));
  }

  @Test
  void anotherEngineOfTheDeviceHasCopiedNothingYet(@TempDir Path output) throws IOException {
    try (UsageMonitor monitor = monitor(output)) {
      devices.set(List.of(gpu(8_000_000_000L, 1)));
      monitor.measure();
      clock.advance(1);
      devices.set(List.of(gpu(5, 1)));
      monitor.measure();

      assertThat(monitor.samples()).extracting(UsageSample::copiedGbps).containsExactly(0.0, 0.0);
    }
  }

  @Test
  void publishesOnceAMinute(@TempDir Path output) throws IOException {
    Path file = output.resolve(UsageFile.NAME);
    devices.set(List.of(gpu(0, 1)));
    try (UsageMonitor monitor = monitor(output)) {
      for (int second = 0; second < 60; second++) {
        monitor.measure();
        clock.advance(1);
      }
      assertThat(file).doesNotExist();
      monitor.measure();
      assertThat(Files.readAllLines(file)).hasSize(62);
    }
  }

  @Test
  void writesNothingWhereNoDeviceWasUsed(@TempDir Path output) throws IOException {
    UsageMonitor monitor = monitor(output);
    monitor.measure();
    monitor.close();
    monitor.close();
    monitor.measure(); // a last one that was on its way

    assertThat(output.resolve(UsageFile.NAME)).doesNotExist();
  }

  @Test
  void aLostDirectoryDoesNotStopTheRun(@TempDir Path output) throws IOException {
    Path file = Files.createFile(output.resolve("a-file"));
    devices.set(List.of(gpu(0, 1)));
    UsageMonitor monitor = monitor(file);
    monitor.measure();
    monitor.close();

    assertThat(file).isEmptyFile();
  }

  @Test
  void samplesForThePlotKeepTheMostMemoryAndMeanRates() {
    UsageSample first = new UsageSample(START, "cuda:0", 5, 0.5, 10, 1);
    UsageSample later = new UsageSample(START.plusSeconds(1), "cuda:0", 9, 1, 20, 3);

    UsageSample both = first.with(later);

    assertThat(both).isEqualTo(new UsageSample(START, "cuda:0", 9, 0.75, 15, 3, 2));
    UsageSample unknown = new UsageSample(START.plusSeconds(2), "cuda:0", 1, Double.NaN, 0, 0);
    assertThat(both.with(unknown))
        .isEqualTo(new UsageSample(START, "cuda:0", 9, 0.75, 10, 3, 3)); // a third of 30
  }

  @Test
  void publishesALongRunLessOften(@TempDir Path output) throws IOException {
    Path file = output.resolve(UsageFile.NAME);
    devices.set(List.of(gpu(0, 1)));
    try (UsageMonitor monitor = monitor(output)) {
      monitor.measure();
      clock.advance(36_000);
      monitor.measure();
      assertThat(Files.readAllLines(file)).hasSize(3);
      clock.advance(300);
      monitor.measure();
      assertThat(Files.readAllLines(file)).hasSize(3);
      clock.advance(100);
      monitor.measure();
      assertThat(Files.readAllLines(file)).hasSize(5);
    }
  }

  @Test
  void keepsABoundedNumberOfSamples(@TempDir Path output) throws IOException {
    devices.set(List.of(gpu(0, 1)));
    try (UsageMonitor monitor = monitor(output)) {
      for (int second = 0; second < 2000; second++) {
        monitor.measure();
        clock.advance(1);
      }
      assertThat(monitor.samples()).hasSize(500);
      assertThat(monitor.samples()).allMatch(sample -> sample.measurements() == 4);
    }
  }

  private UsageMonitor monitor(Path output) throws IOException {
    return new UsageMonitor(devices::get, clock, output.toString());
  }

  private static DeviceReading gpu(long copiedBytes, int takes) {
    return new DeviceReading("cuda:0", 1000, 0.75, copiedBytes, takes);
  }
}
