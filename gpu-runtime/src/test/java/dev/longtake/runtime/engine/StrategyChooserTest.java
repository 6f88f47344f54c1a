package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.Fidelity;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.StrategyChooser.Chosen;
import dev.longtake.runtime.engine.device.PaperGpu;
import dev.longtake.runtime.engine.forecast.KnownGpu;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** What is chosen for the official model at 720x400 on GPUs that are not there. */
class StrategyChooserTest {
  private static final long HOST_BYTES = 256L << 30;

  @Test
  void keepsEverythingOnAnH200WithASingleLane() {
    EngineConfig config = choose(KnownGpu.H200, config(Precision.BF16), HOST_BYTES);

    assertThat(config.strategy()).isEqualTo("resident");
    assertThat(config.lanes()).isEqualTo(1); // more are not faster
    assertThat(config.precision()).isEqualTo(Precision.BF16);
  }

  @Test
  void servesSeveralLanesASweepWhereWeightsMove() {
    EngineConfig small = config(Precision.FP8, 16L << 30);

    EngineConfig config = choose(KnownGpu.H200, small, HOST_BYTES);

    assertThat(config.strategy()).isEqualTo("offload");
    assertThat(config.lanes()).isGreaterThan(1);
  }

  @Test
  void pinsNoMoreThanTheHostHas() {
    Chosen chosen = chosen(KnownGpu.RTX_4090, config(Precision.FP8), 70L << 30);

    assertThat(chosen.candidate().plan().memory().hostBytes()).isLessThan(70L << 30);
    assertThat(chosen.candidate().plan().memory().lanes()).isEqualTo(1);
  }

  @Test
  void changesPixelsOnlyIfThatIsAllowed() {
    EngineConfig asked = config(Precision.BF16);

    EngineConfig exact = choose(KnownGpu.H100, asked, HOST_BYTES);
    EngineConfig faster =
        choose(KnownGpu.H100, asked.withFidelity(Fidelity.MAY_DEGRADE), HOST_BYTES);

    assertThat(exact.precision()).isEqualTo(Precision.BF16);
    assertThat(faster.precision()).isEqualTo(Precision.FP8);
    assertThat(faster.kvPrecision()).isEqualTo(Precision.FP8);
    assertThat(faster.strategy()).isEqualTo("resident"); // it fits then
  }

  @Test
  void rendersWithAShorterMemoryIfNothingElseFits() {
    // 48 frames of caches in bf16 are 46 GiB a lane, which can be nowhere.
    EngineConfig asked = config(Precision.BF16).withFidelity(Fidelity.MAY_DEGRADE);

    Chosen chosen = chosen(KnownGpu.RTX_3090, asked, 48L << 30);

    assertThat(chosen.candidate().format().ringFrames()).isLessThan(48);
    assertThat(chosen.choice().reason()).contains("nothing fits with a memory of 48 frames");
  }

  @Test
  void saysWhyInOneLine() {
    Chosen chosen = chosen(KnownGpu.RTX_4090, config(Precision.FP8), HOST_BYTES);

    assertThat(chosen.choice().line())
        .startsWith("offload with ")
        .containsPattern(": the best of \\d+ ways that fit, [0-9.]+ fps forecast; ")
        .contains("resident needs ")
        .doesNotContain("\n");
  }

  @Test
  void refusesWithTheNumbersAndWhatWouldFit() {
    assertThatThrownBy(() -> chosen(KnownGpu.RTX_4090, config(Precision.BF16), 50L << 30))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PLAN_DOES_NOT_FIT))
        .hasMessageContaining("the host has 50.00 GiB to pin")
        .hasMessageContaining("With FP8 fits: offload with 1 lane, fp8, keys and values fp8.");
  }

  @Test
  void refusesInLessThanASecond() {
    EngineConfig config = config(Precision.FP8, 2L << 30);
    PaperGpu gpu = gpu(KnownGpu.RTX_4090, config, HOST_BYTES);
    StrategyChooser chooser =
        new StrategyChooser(config, null, RandomModel.ofOfficialShape(1), gpu);
    MemoryBudget budget = MemoryBudget.of(config, gpu);

    long started = processorNanos();
    assertThatThrownBy(() -> chooser.requireFits(budget))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("but the budget is 2.00 GiB. The least for this size is strategy");
    assertThat(processorNanos() - started).isLessThan(1_000_000_000L);
    new StrategyChooser(config(Precision.FP8), null, RandomModel.ofOfficialShape(1), gpu)
        .requireFits(MemoryBudget.of(config(Precision.FP8), gpu));
  }

  /** Returns the time of this thread alone: how busy the machine is else does not count. */
  private static long processorNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static EngineConfig choose(KnownGpu gpu, EngineConfig config, long hostBytes) {
    return chosen(gpu, config, hostBytes).candidate().configure(config);
  }

  private static Chosen chosen(KnownGpu gpu, EngineConfig config, long hostBytes) {
    PaperGpu device = gpu(gpu, config, hostBytes);
    RandomModel model = RandomModel.ofOfficialShape(1);
    return new StrategyChooser(config, null, model, device).choose(MemoryBudget.of(config, device));
  }

  private static PaperGpu gpu(KnownGpu gpu, EngineConfig config, long hostBytes) {
    return new PaperGpu(
        gpu.label(),
        config.precision(),
        config.kvPrecision(),
        gpu.memoryBytes(),
        hostBytes,
        gpu.speed());
  }

  private static EngineConfig config(Precision precision) {
    return config(precision, Long.MAX_VALUE);
  }

  private static EngineConfig config(Precision precision, long budgetBytes) {
    return new EngineConfig(
        "random",
        "cuda:0",
        StrategyChooser.AUTO,
        precision,
        400,
        720,
        48,
        4,
        EngineConfig.LANES_AUTO,
        1,
        budgetBytes,
        precision);
  }
}
