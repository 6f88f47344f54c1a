package dev.longtake.transforms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.GpuTeam;
import dev.longtake.runtime.api.InvalidRequestException;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.runtime.testing.FakeEngineProvider.GeneratedClip;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a whole run asks of engines, and what becomes of it when they fail. */
class EnginesOfARunTest {
  private static final String[] TWO_TAKES = {"--takeSeconds=2", "--takePlanner=fixed"};

  @TempDir private Path root;
  private FakeEngineProvider engines;
  private Workshop workshop;

  @BeforeEach
  void bringInputs() throws IOException {
    engines = new FakeEngineProvider();
    workshop =
        Workshop.of(root, engines)
            .picture()
            .voice("a", 4, 150)
            .voice("b", 4, 170)
            .voice("c", 0.5, 190);
  }

  @Test
  void opensOneEngineAtATimeForVideosOfTwoSizes() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      lines.add(
          "{\"id\":\"v%d\",\"image\":\"%s\",\"audio\":\"c.wav\",\"prompt\":\"v%d\",\"size\":\"%s\"}"
              .formatted(i, Workshop.PICTURE, i, i % 2 == 0 ? "64*64" : "128*128"));
    }
    workshop.manifest(lines);

    Workshop.Run run = workshop.run();

    assertThat(run.ids()).containsExactly("v0", "v1", "v2", "v3", "v4", "v5");
    assertThat(engines.engines()).extracting(EngineConfig::width).contains(64, 128);
    assertThat(engines.mostEnginesOpen()).isEqualTo(1);
    assertThat(engines.enginesOpen()).isZero();
    assertThat(engines.mostLanes()).isBetween(1, 2);
  }

  @Test
  void rendersOneTakeAtATimeWithOneLane() throws IOException {
    workshop.requests("a", "b");

    workshop.run("--lanes=1", "--continuity=parallel", TWO_TAKES[0], TWO_TAKES[1]);

    assertThat(engines.takes()).hasSize(4);
    assertThat(engines.mostLanes()).isEqualTo(1);
    assertThat(engines.engines()).hasSize(1);
    assertThat(engines.engines().get(0).lanes()).isEqualTo(1);
  }

  @Test
  void strategyLanesAndLimitReachTheEngine() throws IOException {
    workshop.requests("a");

    workshop.run("--strategy=offload", "--lanes=3", "--vramLimit=22.5GiB");

    EngineConfig config = engines.engines().get(0);
    assertThat(config.strategy()).isEqualTo("offload");
    assertThat(config.lanes()).isEqualTo(3);
    assertThat(config.budgetBytes()).isEqualTo(45L << 29);
  }

  @Test
  void anEngineOfSeveralDevicesLeasesThemTogether() throws IOException {
    workshop.requests("a", "b");

    workshop.run(
        "--strategy=tpp",
        "--numGpusDit=2",
        "--enableVaeParallel=false",
        "--cpuDevices=5x2GiB",
        "--leaseDir=" + root.resolve("leases"));

    assertThat(engines.engines()).extracting(EngineConfig::device).contains("cpu:0,cpu:1");
    assertThat(engines.engines())
        .allSatisfy(config -> assertThat(config.team()).isEqualTo(new GpuTeam(2, false, 1)));
  }

  @Test
  void refusesAnEngineOfMoreDevicesThanThereAre() throws IOException {
    workshop.requests("a");

    assertThatThrownBy(
            () ->
                workshop.run(
                    "--strategy=tpp",
                    "--numGpusDit=3",
                    "--cpuDevices=2x2GiB",
                    "--leaseDir=" + root.resolve("leases")))
        .hasStackTraceContaining("uses 3 devices, but there are 2");
  }

  @Test
  void opensNoEngineWhereNothingIsToDo() throws IOException {
    workshop.requests("a", "b");
    workshop.run();
    int enginesBefore = engines.engines().size();

    Workshop.Run again = workshop.run();

    assertThat(engines.engines()).hasSize(enginesBefore);
    assertThat(again.said()).contains("Nothing to do: all 2 videos are up to date.");
    assertThat(again.results())
        .allSatisfy(line -> assertThat(line.path("untouched").asBoolean()).isTrue());
  }

  @Test
  void aRequestThatTheEngineRefusesIsADeadLetterAndTheOthersGoOn() throws IOException {
    workshop.requests("a", "b", "c");
    engines.beforeClip(
        clip -> {
          if (clip.prompt().equals("b") && clip.take() == 1) {
            throw new InvalidRequestException("This face cannot talk. Use another one.");
          }
        });

    Workshop.Run run = workshop.run(TWO_TAKES);

    assertThat(run.ids()).containsExactly("a", "c");
    assertThat(run.counts().videos()).isEqualTo(2);
    assertThat(run.counts().failures()).isEqualTo(1);
    assertThat(run.deadLetters()).hasSize(1);
    assertThat(run.deadLetters().get(0))
        .hasToString(
            "{\"line\":2,\"id\":\"b\",\"stage\":\"render\",\"code\":\"INVALID_REQUEST\","
                + "\"message\":\"This face cannot talk. Use another one.\",\"source\":%s}"
                    .formatted(quoted(Workshop.request("b"))));
    assertThat(workshop.video("b")).doesNotExist();
    assertThat(engines.enginesOpen()).isZero();
  }

  @Test
  void takesThatFailAloneLeaveOneDeadLetter() throws IOException {
    workshop.requests("a", "c");
    engines.beforeClip(
        clip -> {
          if (clip.prompt().equals("a")) {
            throw new InvalidRequestException("This face cannot talk. Use another one.");
          }
        });

    Workshop.Run run = workshop.run("--continuity=parallel", TWO_TAKES[0], TWO_TAKES[1]);

    assertThat(run.ids()).containsExactly("c");
    assertThat(run.deadLetters()).hasSize(1);
    assertThat(run.deadLetters().get(0).path("id").asText()).isEqualTo("a");
  }

  @Test
  void aFaultOfTheEngineFailsTheRunAndTheNextOneGoesOn() throws IOException {
    workshop.requests("a");
    engines.failAtClip(4, () -> new IllegalStateException("the device is gone"));

    assertThatThrownBy(() -> workshop.run(TWO_TAKES)).hasStackTraceContaining("the device is gone");
    assertThat(engines.enginesOpen()).isZero();
    assertThat(workshop.video("a")).doesNotExist();
    int clipsBefore = engines.clips().size();
    Workshop.Run run = workshop.run(TWO_TAKES);

    assertThat(run.ids()).containsExactly("a");
    assertThat(run.result("a").path("clipsReused").asInt()).isEqualTo(2);
    assertThat(engines.clips().stream().skip(clipsBefore).map(GeneratedClip::take))
        .containsExactly(1, 1);
  }

  private static String quoted(String json) {
    return "\"" + json.replace("\"", "\\\"") + "\"";
  }
}
