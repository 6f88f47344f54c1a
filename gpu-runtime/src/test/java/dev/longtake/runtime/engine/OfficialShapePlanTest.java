package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.Readback;
import dev.longtake.runtime.engine.device.Timeline;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.memory.OwnedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.tensor.DType;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/** What the official model needs on a GPU at 720x400, found out without a GPU and without files. */
class OfficialShapePlanTest {
  private static final double GB = 1e9;

  // Weights: 32.59 GB and, in FP8, 16.65 GB of the transformer, 0.25 of the VAE, 1.26 of wav2vec2.
  // Lane: 44.24 GB of rings, twice 2.28 of conditions, 0.46 of references, 0.42 of text, and the
  // VAE.
  @Test
  void bf16FitsAnH200WithTheTextEncoder() {
    MemoryPlan plan = plan(DType.BF16, 139L << 30);

    assertThat(plan.weightBytes() / GB).isCloseTo(34.1, Percentage.withPercentage(1));
    assertThat(plan.textEncoderBytes() / GB).isCloseTo(9.28, Percentage.withPercentage(1));
    assertThat(plan.laneBytes() / GB).isBetween(49.6, 51.6);
    assertThat(plan.workspaceBytes() / GB).isBetween(0.5, 4.0);
  }

  @Test
  void fp8WeightsTakeHalf() {
    assertThat(plan(DType.FP8_E4M3, 139L << 30).weightBytes() / GB)
        .isCloseTo(18.2, Percentage.withPercentage(1));
  }

  @Test
  void textEncoderGivesWayOnASmallerGpu() {
    MemoryPlan everything = plan(DType.FP8_E4M3, 139L << 30);

    MemoryPlan smaller = plan(DType.FP8_E4M3, everything.totalBytes() - 1);

    assertThat(smaller.textEncoderBytes()).isZero();
    assertThat(smaller.totalBytes())
        .isEqualTo(everything.totalBytes() - everything.textEncoderBytes());
    EnginePlanner.requireFits(smaller, "resident", smaller.totalBytes());
    assertThatThrownBy(
            () -> EnginePlanner.requireFits(smaller, "resident", smaller.totalBytes() - 1))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PLAN_DOES_NOT_FIT));
  }

  private static MemoryPlan plan(DType layerType, long budgetBytes) {
    RandomModel model = RandomModel.ofOfficialShape(1);
    return EnginePlanner.plan(
        model.shape(400, 720, 48, 4),
        model,
        ExecutionStrategies.named("resident"),
        new PlanningDevice(layerType),
        1,
        budgetBytes);
  }

  /** Plans like a GPU and is none. */
  private record PlanningDevice(DType layerType) implements ComputeDevice {
    @Override
    public String description() {
      return "a GPU on paper";
    }

    @Override
    public DType activationType() {
      return DType.BF16;
    }

    @Override
    public DType vaeType() {
      return DType.FP16;
    }

    @Override
    public DType speechType() {
      return DType.FP32;
    }

    @Override
    public long availableBytes() {
      return Long.MAX_VALUE;
    }

    @Override
    public long usedBytes() {
      return 0;
    }

    @Override
    public void makeCurrent() {}

    @Override
    public long fixedWorkspaceBytes() {
      return ScratchBytes.FIXED;
    }

    @Override
    public Ops planningOps() {
      return new PlanningOps(DType.BF16);
    }

    @Override
    public OwnedBlock reserve(long bytes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Ops openOps(Block workspace) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Readback openReadback(Ops ops, int slots, int elements) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Timeline openTimeline(Ops ops) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }
}
