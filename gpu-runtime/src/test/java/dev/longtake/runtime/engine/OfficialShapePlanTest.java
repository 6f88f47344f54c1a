package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.PaperGpu;
import dev.longtake.runtime.engine.forecast.KnownGpu;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.strategy.sharded.Shard;
import dev.longtake.runtime.tensor.DType;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the official model needs on a GPU at 720x400, found out without a GPU and without files. */
class OfficialShapePlanTest {
  private static final double GB = 1e9;

  // Weights: 32.22 GB and, in FP8, 16.28 GB of the transformer, 0.25 of the VAE, 1.26 of wav2vec2.
  // Lane: 44.24 GB of rings, twice 2.28 of conditions, 0.46 of references, 0.42 of text, and the
  // VAE.
  @Test
  void bf16FitsAnH200WithTheTextEncoder() {
    MemoryPlan plan = plan(DType.BF16, 139L << 30);

    assertThat(plan.weightBytes() / GB).isCloseTo(33.7, Percentage.withPercentage(1));
    assertThat(plan.textEncoderBytes() / GB).isCloseTo(9.28, Percentage.withPercentage(1));
    assertThat(plan.laneBytes() / GB).isBetween(49.6, 51.6);
    assertThat(plan.workspaceBytes() / GB).isBetween(0.5, 4.0);
  }

  @Test
  void fp8WeightsTakeHalf() {
    assertThat(plan(DType.FP8_E4M3, 139L << 30).weightBytes() / GB)
        .isCloseTo(17.8, Percentage.withPercentage(1));
  }

  private static final long NO_LIMIT = 1L << 50;

  @Test
  void textEncoderGivesWayOnASmallerGpu() {
    MemoryPlan everything = plan(DType.FP8_E4M3, 139L << 30);

    MemoryPlan smaller = plan(DType.FP8_E4M3, everything.totalBytes() - 1);

    assertThat(smaller.textEncoderBytes()).isZero();
    assertThat(smaller.totalBytes())
        .isEqualTo(everything.totalBytes() - everything.textEncoderBytes());
  }

  private static MemoryPlan plan(DType layerType, long budgetBytes) {
    return planner(layerType, DType.BF16)
        .plan(ExecutionStrategies.named("resident"), 1, budgetBytes, NO_LIMIT)
        .memory();
  }

  private static EnginePlanner planner(DType layerType, DType cacheType) {
    return planner(RandomModel.ofOfficialShape(1), layerType, cacheType);
  }

  private static EnginePlanner planner(ModelSource model, DType layerType, DType cacheType) {
    return new EnginePlanner(
        model.shape(400, 720, 48, 4),
        model,
        new PaperGpu(
            "a GPU on paper",
            precision(layerType),
            precision(cacheType),
            139L << 30,
            NO_LIMIT,
            KnownGpu.H200.speed()));
  }

  private static Precision precision(DType dtype) {
    return dtype == DType.FP8_E4M3 ? Precision.FP8 : Precision.BF16;
  }

  /** What the official model needs on GPUs that cannot hold it, with 120 GiB to pin. */
  @ParameterizedTest
  @CsvSource({
    "FP8_E4M3, BF16, 12, 1",
    "FP8_E4M3, FP8_E4M3, 12, 1",
    "FP8_E4M3, BF16, 22.15, 1",
    "FP8_E4M3, FP8_E4M3, 22.15, 1",
    "FP8_E4M3, FP8_E4M3, 22.15, 4",
    "FP8_E4M3, BF16, 22.15, 2",
    "BF16, BF16, 80, 2"
  })
  void offloadFits(DType layerType, DType cacheType, double budgetGib, int lanes) {
    long budgetBytes = (long) (budgetGib * (1L << 30));

    EnginePlan plan =
        planner(layerType, cacheType)
            .plan(ExecutionStrategies.named("offload"), lanes, budgetBytes, 120L << 30);

    assertThat(plan.fits(budgetBytes, 120L << 30)).as(plan.describe()).isTrue();
    // Nothing that would fit is left out: the next layer would not.
    long largestLayer = 5L << 28;
    assertThat(plan.memory().totalBytes())
        .as(plan.describe())
        .isGreaterThan(budgetBytes - lanes * largestLayer);
  }

  // Each lane's caches are 46.9 GiB in bf16, of which 180 GiB can be on neither side.
  @Test
  void refusesWithWhatFits() {
    EnginePlanner planner = planner(DType.FP8_E4M3, DType.BF16);
    ExecutionStrategy offload = ExecutionStrategies.named("offload");
    long budgetBytes = 22L << 30;
    long hostBytes = 100L << 30;

    EnginePlan plan = planner.plan(offload, 4, budgetBytes, hostBytes);

    assertThatThrownBy(() -> planner.requireFits(plan, offload, budgetBytes, hostBytes))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PLAN_DOES_NOT_FIT))
        .hasMessageContaining("the host has 100.00 GiB to pin")
        .hasMessageContaining("What fits: strategy offload with 2 lanes.");
  }

  @Test
  void refusesResidentAndNamesOffload() {
    EnginePlanner planner = planner(DType.FP8_E4M3, DType.BF16);
    ExecutionStrategy resident = ExecutionStrategies.named("resident");
    long budgetBytes = 24L << 30;

    EnginePlan plan = planner.plan(resident, 1, budgetBytes, NO_LIMIT);

    assertThatThrownBy(() -> planner.requireFits(plan, resident, budgetBytes, NO_LIMIT))
        .hasMessageContaining("the budget is 24.00 GiB")
        .hasMessageContaining("What fits: strategy offload with 1 lane.");
    EnginePlan tiny = planner.plan(resident, 1, 1L << 30, NO_LIMIT);
    assertThatThrownBy(() -> planner.requireFits(tiny, resident, 1L << 30, NO_LIMIT))
        .hasMessageContaining("The least for this size is strategy offload with 1 lane in ");
  }

  @Test
  void dividedByLayersADeviceHasLittleMoreThanItsShare() {
    RandomModel model = RandomModel.ofOfficialShape(1);
    double whole = plan(DType.BF16, NO_LIMIT).weightBytes();
    for (int rank = 0; rank < 2; rank++) {
      EnginePlanner planner = planner(LayerSharing.source(model, rank), DType.BF16, DType.BF16);
      ExecutionStrategy strategy = LayerSharing.strategy(new Shard(rank, 2), planner.shape());

      MemoryPlan plan = planner.plan(strategy, 1, NO_LIMIT, NO_LIMIT).memory();

      assertThat(plan.weightBytes() / whole).as("rank %s: %s", rank, plan).isLessThan(0.55);
    }
  }
}
