package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.PaperGpu;
import dev.longtake.runtime.engine.forecast.KnownGpu;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When devices work together, if that is left open. */
class TeamChooserTest {
  private static final Path CHECKPOINT = Path.of("../examples/demo/checkpoint");
  private static final long HOST_BYTES = 256L << 30;
  private static final long NO_HOST = 0;

  @Test
  void eachWorksAloneWhereItCan() {
    TeamChooser h200 = chooser(KnownGpu.H200, HOST_BYTES, EngineConfig.LANES_AUTO);

    assertThat(h200.devicesTogether(8)).isEqualTo(1);
    assertThat(h200.choose(2).config().strategy()).isEqualTo("auto");
    TeamChooser rtx = chooser(KnownGpu.RTX_4090, HOST_BYTES, EngineConfig.LANES_AUTO);
    assertThat(rtx.devicesTogether(4)).as("with weights on the host").isEqualTo(1);
  }

  @Test
  void asManyWorkTogetherAsTheModelNeeds() {
    TeamChooser rtx = chooser(KnownGpu.RTX_4090, NO_HOST, EngineConfig.LANES_AUTO);

    int together = rtx.devicesTogether(8);

    assertThat(together).isBetween(2, 8);
    TeamChooser.Team team = rtx.choose(together);
    assertThat(team.config().strategy()).isEqualTo("tpp");
    assertThat(team.reason())
        .matches("tpp over \\d devices: [0-9.]+ fps in all forecast; no device can .* alone");
    assertThatThrownBy(() -> rtx.choose(together - 1)).isInstanceOf(LongtakeException.class);
  }

  @Test
  void nothingIsTogetherWhereNothingFits() {
    TeamChooser tiny =
        new TeamChooser(config(1, 1L << 30), RandomModel.ofOfficialShape(1), gpu(KnownGpu.H100, 0));

    assertThat(tiny.devicesTogether(8)).isEqualTo(1);
    assertThatThrownBy(() -> tiny.choose(8))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("but the budget is 1.00 GiB");
  }

  @Test
  void fewerTakesThanDevicesShareThem() {
    TeamChooser.Team team = chooser(KnownGpu.H200, HOST_BYTES, 1).choose(2);

    assertThat(team.config().strategy()).isEqualTo("tpp");
    assertThat(team.reason())
        .matches("tpp over 2 devices: 3\\d.\\d fps in all forecast, alone 1\\d.\\d fps");
    assertThat(chooser(KnownGpu.H200, HOST_BYTES, 2).choose(2).config().strategy())
        .isEqualTo("auto");
  }

  @Test
  void takesThatAreAlmostAsManyAsDevicesStayAlone() {
    TeamChooser.Team team = chooser(KnownGpu.H200, HOST_BYTES, 7).choose(8);

    assertThat(team.config().strategy()).isEqualTo("auto");
    assertThat(team.teams()).isEqualTo(7);
  }

  @Test
  void layersAreSharedWherePipelinesLeaveDevicesLessToDo() {
    int lanes = EngineConfig.LANES_AUTO;
    TeamChooser noHost = chooser(KnownGpu.H200, NO_HOST, lanes, "auto", 38L << 30);

    TeamChooser.Team team = noHost.choose(3); // in a pipeline, one of them would only decode

    assertThat(team.config().strategy()).isEqualTo("sharded");
    assertThat(team.reason()).startsWith("sharded over 3 devices: ");
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 5", "2, 2, 4", "3, 2, 4", "0, 2, 4"})
  void asManyPipelinesAsMakeMostFramesOfTheTakes(int lanes, int teams, int together) {
    TeamChooser chooser = chooser(KnownGpu.H200, HOST_BYTES, lanes, "tpp", Long.MAX_VALUE);

    TeamChooser.Team team = chooser.choose(8);

    assertThat(team.teams()).isEqualTo(teams);
    assertThat(team.together()).isEqualTo(together);
    assertThat(chooser.devicesTogether(8)).as("each with so many lanes").isEqualTo(4);
  }

  @Test
  void opensWhatItChooses() throws Exception {
    EngineConfig one = cpus("cpu:0", "auto", 1);
    Rendered expected;
    try (OpenEngine alone = open(one)) {
      expected = Rendered.take(alone, 1, 1);
    }
    try (OpenEngine together = open(cpus("cpu:0,cpu:1", "auto", 1))) {
      assertThat(together.choice().strategy()).isEqualTo("tpp on 2 devices");
      assertThat(together.choice().reason()).startsWith("tpp over 2 devices");
      Rendered.requireSameBits(together, List.of(expected));
    }
  }

  @Test
  void opensSeveralPipelines() throws Exception {
    String eight = "cpu:0,cpu:1,cpu:2,cpu:3,cpu:4,cpu:5,cpu:6,cpu:7";
    List<Rendered> expected;
    try (OpenEngine alone = open(cpus("cpu:0", "resident", 1))) {
      expected = Rendered.takes(alone, 3, 1);
    }
    try (OpenEngine pipelines = open(cpus(eight, "tpp", 3))) {
      assertThat(pipelines.choice().strategy()).isEqualTo("2 times tpp on 4 devices");
      assertThat(pipelines.parts())
          .extracting(part -> part.memory().lanes())
          .containsExactly(2, 2, 2, 2, 1, 1, 1, 1);
      Rendered.requireSameBits(pipelines, expected);
    }
  }

  private static OpenEngine open(EngineConfig config) {
    return Engines.open(config, ModelSource.of(Checkpoint.open(CHECKPOINT), "demo"));
  }

  private static EngineConfig cpus(String devices, String strategy, int lanes) {
    return new EngineConfig(
        CHECKPOINT.toString(),
        devices,
        strategy,
        Precision.FP32,
        64,
        64,
        12,
        4,
        lanes,
        2,
        Long.MAX_VALUE);
  }

  private static TeamChooser chooser(KnownGpu gpu, long hostBytes, int lanes) {
    return chooser(gpu, hostBytes, lanes, "auto", Long.MAX_VALUE);
  }

  private static TeamChooser chooser(
      KnownGpu gpu, long hostBytes, int lanes, String strategy, long budgetBytes) {
    return new TeamChooser(
        config(lanes, budgetBytes).withStrategy(strategy),
        RandomModel.ofOfficialShape(1),
        gpu(gpu, hostBytes));
  }

  private static PaperGpu gpu(KnownGpu gpu, long hostBytes) {
    return new PaperGpu(
        gpu.label(), Precision.FP8, Precision.FP8, gpu.memoryBytes(), hostBytes, gpu.speed());
  }

  private static EngineConfig config(int lanes, long budgetBytes) {
    return new EngineConfig(
        "random",
        "cuda",
        "auto",
        Precision.FP8,
        400,
        720,
        48,
        4,
        lanes,
        1,
        budgetBytes,
        Precision.FP8);
  }
}
