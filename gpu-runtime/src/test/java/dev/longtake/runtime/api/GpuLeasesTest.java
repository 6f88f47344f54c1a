package dev.longtake.runtime.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class GpuLeasesTest {
  private static final LeasableDevice DEVICE = CpuDevices.parse("test", "1x24GiB").get(0);

  @TempDir private Path directory;
  private Instant now = Instant.parse("2026-01-02T03:04:05Z");

  @Test
  void leasesADeviceOnce() {
    GpuLeases leases = leases();
    try (GpuLease lease = leases.tryAcquire(DEVICE).orElseThrow()) {
      assertThat(lease.device()).isEqualTo(DEVICE);
      assertThat(leases.tryAcquire(DEVICE)).isEmpty();
      assertThat(leases().tryAcquire(DEVICE)).isEmpty(); // of another instance
    }
    Optional<GpuLease> again = leases.tryAcquire(DEVICE);
    assertThat(again).isPresent();
    again.get().close();
  }

  @Test
  void everybodyMayUseTheWholeCpu() {
    assertThat(leases().tryAcquire(LeasableDevice.CPU)).isPresent();
    assertThat(leases().tryAcquire(LeasableDevice.CPU)).isPresent();
  }

  /** Rounds of processes that all want one device at the same moment. */
  @Test
  void ofProcessesThatRaceExactlyOneGetsIt() throws Exception {
    List<Racer> racers = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        racers.add(Racer.start(directory));
      }
      for (int round = 0; round < 20; round++) {
        for (Racer racer : racers) {
          racer.say("take");
        }
        List<String> answers = new ArrayList<>();
        for (Racer racer : racers) {
          answers.add(racer.hear());
        }
        assertThat(answers).containsExactlyInAnyOrder("has it", "has not", "has not");
        for (Racer racer : racers) {
          racer.say("leave");
          assertThat(racer.hear()).isEqualTo("left");
        }
      }
    } finally {
      racers.forEach(Racer::kill);
    }
  }

  @Test
  void aLeaseDiesWithItsProcess() throws Exception {
    Racer racer = Racer.start(directory);
    try {
      racer.say("take");
      assertThat(racer.hear()).isEqualTo("has it");
      assertThat(leases().tryAcquire(DEVICE)).isEmpty();
    } finally {
      racer.kill();
    }
    Optional<GpuLease> lease = leases().tryAcquire(DEVICE);
    assertThat(lease).isPresent();
    lease.get().close();
  }

  @Test
  void refusesADeviceForAWhileAndLongerEachTime() {
    GpuLeases leases = leases();

    Quarantine first = leases.refuse(DEVICE, "fell off\nthe bus");

    assertThat(leases().quarantine(DEVICE)).contains(first);
    assertThat(first.evidence()).isEqualTo("fell off\nthe bus");
    assertThat(leases.tryAcquire(DEVICE)).isEmpty();
    assertThat(first.until()).isEqualTo(now.plus(Duration.ofMinutes(10)));
    now = first.until();
    Optional<GpuLease> lease = leases.tryAcquire(DEVICE);
    assertThat(lease).isPresent();
    lease.get().close();

    Quarantine second = leases.refuse(DEVICE, "again");

    assertThat(second.faults()).isEqualTo(2);
    assertThat(second.until()).isEqualTo(now.plus(Duration.ofMinutes(20)));
    for (int i = 0; i < 20; i++) {
      second = leases.refuse(DEVICE, "again");
    }
    assertThat(second.until()).isEqualTo(now.plus(Duration.ofMinutes(1280)));
  }

  @Test
  void aDeviceThatWorksIsForgiven() {
    GpuLeases leases = leases();
    leases.refuse(DEVICE, "fell off the bus");

    leases.forgive(DEVICE);

    assertThat(leases.quarantine(DEVICE)).isEmpty();
    assertThat(leases.refuse(DEVICE, "again").faults()).isEqualTo(1);
  }

  @Test
  void leasesAllDevicesOfATeamOrNone() {
    GpuLeases leases = leases();
    List<LeasableDevice> devices = CpuDevices.parse("test", "2x24GiB,1x6GiB");
    LeasableDevice team = LeasableDevice.team(devices.subList(1, 3));
    assertThat(team.device()).isEqualTo("cpu:0,cpu:1");
    assertThat(team.memoryBytes()).isEqualTo(6L << 30);

    try (GpuLease last = leases.tryAcquire(devices.get(2)).orElseThrow()) {
      assertThat(last.device()).isEqualTo(devices.get(2));
      assertThat(leases.tryAcquire(team)).isEmpty();
      leases.tryAcquire(devices.get(1)).orElseThrow().close(); // nobody has kept it
    }
    try (GpuLease all = leases.tryAcquire(team).orElseThrow()) {
      assertThat(all.device()).isEqualTo(team);
      assertThat(leases.tryAcquire(devices.get(1))).isEmpty();
      assertThat(leases.tryAcquire(devices.get(2))).isEmpty();
    }
    leases.refuse(team, "one of them fell off the bus");
    assertThat(leases.quarantine(devices.get(1))).isPresent();
    assertThat(leases.quarantine(devices.get(2))).isPresent();
    assertThat(leases.tryAcquire(team)).isEmpty();
    leases.forgive(team);
    leases.tryAcquire(team).orElseThrow().close();
  }

  @Test
  void saysWhichDirectoryCannotBeUsed() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatExceptionOfType(LongtakeException.class)
        .isThrownBy(() -> new GpuLeases(file).tryAcquire(DEVICE))
        .withMessageContainingAll(file.toString(), "--leaseDir");
  }

  private GpuLeases leases() {
    return new GpuLeases(directory, () -> now);
  }

  /** A process that takes and leaves the device as it is told. */
  private record Racer(Process process, BufferedReader answers) {
    static Racer start(Path directory) throws IOException {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Racing.class.getName(),
                  directory.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      return new Racer(
          process, new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8)));
    }

    void say(String line) throws IOException {
      process.getOutputStream().write((line + "\n").getBytes(UTF_8));
      process.getOutputStream().flush();
    }

    String hear() throws IOException {
      return answers.readLine();
    }

    void kill() {
      process.destroyForcibly().onExit().join();
    }
  }

  /** The main class of such a process. */
  static final class Racing {
    private Racing() {}

    /** Obeys on the standard input; {@code args[0]} is the directory. */
    public static void main(String[] args) throws IOException {
      GpuLeases leases = new GpuLeases(Path.of(args[0]));
      Optional<GpuLease> lease = Optional.empty();
      BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, UTF_8));
      for (String order = orders.readLine(); order != null; order = orders.readLine()) {
        if (order.equals("take")) {
          lease = leases.tryAcquire(DEVICE);
          System.out.println(lease.isPresent() ? "has it" : "has not");
        } else {
          lease.ifPresent(GpuLease::close);
          System.out.println("left");
        }
      }
    }
  }
}
