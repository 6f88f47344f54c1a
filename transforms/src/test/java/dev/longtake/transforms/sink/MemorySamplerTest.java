package dev.longtake.transforms.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.transforms.sink.SinkSamples.FakeClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemorySamplerTest {
  @Test
  void keepsABoundedNumberOfSamplesAndEveryPeak() throws IOException {
    FakeClock clock = new FakeClock();
    AtomicLong bytes = new AtomicLong();
    MemorySampler sampler = new MemorySampler(bytes::get, clock, 8);
    int most = 0;
    for (int second = 0; second < 1000; second++) {
      bytes.set(second == 537 ? 9_999 : second);
      sampler.measure();
      clock.advance(1);
      most = Math.max(most, sampler.samples().size());
    }

    List<MemorySample> samples = sampler.samples();
    assertThat(most).isEqualTo(8);
    // 1000 measurements fill 8 samples of 128: seven of them and 104 more.
    assertThat(samples).hasSize(8);
    assertThat(samples)
        .extracting(MemorySample::residentBytes)
        .containsExactly(127L, 255L, 383L, 511L, 9_999L, 767L, 895L, 999L);
    assertThat(samples.get(4).time()).isEqualTo(SinkSamples.START.plusSeconds(537));
    assertThat(samples).extracting(MemorySample::time).isSorted();
  }

  @Test
  void readsTheResidentMemoryOfThisProcess() throws IOException {
    Instant before = Instant.now();
    try (MemorySampler sampler = MemorySampler.start()) {
      List<MemorySample> samples = sampler.samples();

      assertThat(samples).isNotEmpty();
      assertThat(samples.get(0).residentBytes()).isBetween(16L << 20, 64L << 30);
      assertThat(samples.get(0).time()).isBetween(before, Instant.now());
    }
  }

  @Test
  void measuresOnADaemonThreadUntilClosed() throws Exception {
    CountDownLatch measured = new CountDownLatch(3);
    AtomicReference<Thread> thread = new AtomicReference<>();
    MemorySampler sampler =
        new MemorySampler(
            () -> {
              thread.set(Thread.currentThread());
              measured.countDown();
              return 1;
            },
            InstantSource.system(),
            4);
    try (sampler) {
      sampler.start(Duration.ofMillis(1));
      assertThat(measured.await(30, TimeUnit.SECONDS)).isTrue();
    }

    assertThat(thread.get()).isNotSameAs(Thread.currentThread());
    assertThat(thread.get().isDaemon()).isTrue();
    thread.get().join(30_000);
    assertThat(thread.get().isAlive()).isFalse();
    assertThat(sampler.samples()).isNotEmpty();
  }

  @Test
  void parsesTheStatusOfLinux(@TempDir Path directory) throws IOException {
    Path status = directory.resolve("status");
    Files.writeString(status, "Name:\tjava\nVmPeak:\t  99 kB\nVmRSS:\t  123456 kB\nThreads:\t5\n");

    assertThat(MemorySampler.parse(status)).isEqualTo(123_456L * 1024);
  }

  @Test
  void refusesASystemThatDoesNotTell(@TempDir Path directory) throws IOException {
    Path status = directory.resolve("status");
    Files.writeString(status, "Name:\tjava\nVmRSS:\t-5 kB\n");

    assertThatThrownBy(() -> MemorySampler.parse(status))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("should have a line 'VmRSS: <number> kB', but has none");
  }
}
