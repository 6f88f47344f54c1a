package dev.longtake.transforms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.runtime.testing.FaultyEngineProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a run when devices break down. */
@Timeout(120)
class DeviceFaultsTest {
  private static final String CHECKPOINT = "../gpu-runtime/src/test/resources/golden/small/ckpt";

  private static FaultyEngineProvider present; // reached from where a pipeline has been sent to

  @TempDir private Path root;
  private final FakeEngineProvider engines = new FakeEngineProvider();

  @Test
  void aTakeIsReplayedOnAnotherDevice() throws IOException {
    Workshop workshop = workshop("a", "b");
    engines.failAtClip(2, DeviceFaultsTest::brokenDown);

    Workshop.Run run = workshop.run(devices("2x1GiB"));

    assertThat(run.ids()).containsExactly("a", "b");
    assertThat(run.deadLetters()).isEmpty();
    assertThat(engines.engines()).hasSize(2);
    assertThat(quarantined()).containsExactly("cpu-1024MiB-0.quarantine");
    assertThat(Files.readString(root.resolve("leases/cpu-1024MiB-0.quarantine")))
        .contains("Xid 79", "faults=1");
  }

  @Test
  void aTakeThatBreaksTwoDevicesDownIsADeadLetterAndTheOthersGoOn() throws IOException {
    Workshop workshop = workshop("a", "killer", "b");
    breakDownWith("killer");

    Workshop.Run run = workshop.run(devices("3x1GiB"));

    assertThat(run.ids()).containsExactly("a", "b");
    assertThat(quarantined()).hasSize(2);
    assertThat(run.deadLetters()).hasSize(1);
    JsonNode letter = run.deadLetters().get(0);
    assertThat(letter.path("id").asText()).isEqualTo("killer");
    assertThat(letter.path("code").asText()).isEqualTo("KILLS_DEVICES");
    assertThat(letter.path("message").asText())
        .contains("has broken down 2 devices", "Xid 79", "fault-*", "cpu part");
  }

  @Test
  void theCountOutlivesTheRun() throws IOException {
    Workshop workshop = workshop("killer");
    breakDownWith("killer");

    assertThatThrownBy(() -> workshop.run(devices("1x1GiB"))).hasStackTraceContaining("Xid 79");
    Workshop.Run run = workshop.run(devices("1x2GiB"));

    assertThat(run.deadLetters()).hasSize(1);
    assertThat(run.deadLetters().get(0).path("code").asText()).isEqualTo("KILLS_DEVICES");
  }

  @Test
  void aDeviceInQuarantineIsRefusedUntilItsFileIsDeleted() throws IOException {
    Workshop workshop = workshop("a");
    engines.failAtClip(1, DeviceFaultsTest::brokenDown);
    assertThatThrownBy(() -> workshop.run(devices("1x1GiB"))).hasStackTraceContaining("Xid 79");
    engines.beforeClip(clip -> {});

    assertThatThrownBy(() -> workshop.run(devices("1x1GiB")))
        .hasStackTraceContaining("No device is left")
        .hasStackTraceContaining("cpu-1024MiB-0.quarantine");
    Files.delete(root.resolve("leases/cpu-1024MiB-0.quarantine"));

    assertThat(workshop.run(devices("1x1GiB")).ids()).containsExactly("a");
  }

  /** The real model on a device that breaks down in the middle of a take. */
  @Test
  void theReplayedVideoHasTheSameBytes() throws IOException {
    Path whole = Files.createDirectory(root.resolve("whole"));
    FaultyEngineProvider never = new FaultyEngineProvider(Long.MAX_VALUE);
    realRun(whole, never);
    FaultyEngineProvider once = new FaultyEngineProvider(2000);
    Path broken = Files.createDirectory(root.resolve("broken"));

    realRun(broken, once);

    assertThat(once.hasBroken()).isTrue();
    assertThat(once.blocksReserved()).isZero();
    assertThat(quarantined()).hasSize(1);
    assertThat(broken.resolve("out/a.mp4")).hasSameBinaryContentAs(whole.resolve("out/a.mp4"));
  }

  private void realRun(Path directory, FaultyEngineProvider provider) throws IOException {
    present = provider;
    Workshop workshop = new Workshop(directory, () -> present).picture().voice("a", 3, 150);
    workshop.requests("a");
    Workshop.Run run =
        workshop.run(
            "--checkpoint=" + CHECKPOINT,
            "--size=64*64",
            "--cpuDevices=2x1GiB",
            "--leaseDir=" + root.resolve("leases"));
    assertThat(run.ids()).containsExactly("a");
  }

  private Workshop workshop(String... ids) throws IOException {
    Workshop workshop = Workshop.of(root, engines).picture();
    for (String id : ids) {
      workshop.voice(id, 2, 150);
    }
    return workshop.requests(ids);
  }

  private String[] devices(String cpuDevices) {
    return new String[] {"--cpuDevices=" + cpuDevices, "--leaseDir=" + root.resolve("leases")};
  }

  private void breakDownWith(String prompt) {
    engines.beforeClip(
        clip -> {
          if (clip.prompt().equals(prompt)) {
            throw brokenDown();
          }
        });
  }

  private static LongtakeException brokenDown() {
    return new LongtakeException(ErrorCode.DEVICE_FAULT, "The driver has reported Xid 79.");
  }

  private List<String> quarantined() throws IOException {
    return Workshop.stored(root.resolve("leases"), ".quarantine").stream()
        .map(file -> file.getFileName().toString())
        .toList();
  }
}
