package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.engine.device.PaperGpu;
import dev.longtake.runtime.engine.forecast.KnownGpu;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.spi.HostLayers.HostLayer;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** However many engines stream a model, its weights are in memory of the host once. */
class HostWeightsTest {
  private static final Path CHECKPOINT = Path.of("../examples/demo/checkpoint");
  private static final Shape EXTENT = Shape.of(64);

  private final AtomicInteger reserved = new AtomicInteger();
  private final ComputeDevice cpu =
      CountedDevice.of(DeviceChoice.of("cpu", Precision.FP32, Precision.FP32).open(1), reserved);
  private final ModelSource model = RandomModel.ofOfficialShape(1);

  @Test
  void enginesOnSeveralDevicesHaveThemOnce() throws Exception {
    requireOnce("cpu:0", "cpu:1", Precision.FP32);
  }

  @ParameterizedTest
  @CsvSource({"BF16", "FP8"})
  @Tag("gpu")
  void gpusCopyFromTheSame(Precision precision) throws Exception {
    requireOnce("cuda:0", "cuda:1", precision);
  }

  /** Renders with weights that another engine has brought, also once that one is closed. */
  private static void requireOnce(String one, String other, Precision precision) throws Exception {
    Rendered expected;
    long leastBytes;
    try (LongtakeEngine alone = open(config("resident", one, 1, Long.MAX_VALUE, precision))) {
      expected = Rendered.take(alone, 1, 1);
      EnginePlan least =
          alone.planner().plan(ExecutionStrategies.named("offload"), 1, 1, Long.MAX_VALUE);
      leastBytes = least.memory().totalBytes();
    }
    LongtakeEngine first = open(config("offload", one, 1, leastBytes, precision));
    MemoryPlan plan = first.plan();
    assertThat(plan.hostWeightBytes()).isPositive();
    try (LongtakeEngine second = open(config("offload", other, 1, leastBytes, precision))) {
      assertThat(second.plan().hostWeightBytes()).isZero();
      assertThat(second.plan().hostLaneBytes()).isEqualTo(plan.hostLaneBytes());
      assertThat(second.plan().totalBytes()).isEqualTo(plan.totalBytes());
      first.close();
      Rendered.requireSameBits(second, List.of(expected));
    }
    EngineConfig together = config("offload", one + "," + other, 2, leastBytes, precision);
    try (OpenEngine both = Engines.open(together, source())) {
      assertThat(both.parts())
          .extracting(part -> part.memory().hostWeightBytes())
          .containsExactly(plan.hostWeightBytes(), 0L);
    }
  }

  private static LongtakeEngine open(EngineConfig config) {
    return LongtakeEngine.open(config, source());
  }

  private static ModelSource source() {
    return ModelSource.of(Checkpoint.open(CHECKPOINT), "demo");
  }

  private static EngineConfig config(
      String strategy, String device, int lanes, long budgetBytes, Precision precision) {
    return new EngineConfig(
        CHECKPOINT.toString(),
        device,
        strategy,
        precision,
        64,
        64,
        12,
        4,
        lanes,
        2,
        budgetBytes,
        precision == Precision.FP8 ? Precision.BF16 : precision);
  }

  @Test
  void whoNeedsALayerFirstBringsItAndOthersWait() throws Exception {
    HostWeights first = HostWeights.of(model, cpu);
    HostWeights second = HostWeights.of(RandomModel.ofOfficialShape(1), cpu);
    HostLayer brought = first.take(0, EXTENT);
    FutureTask<HostLayer> waiting = new FutureTask<>(() -> second.take(0, EXTENT));
    Thread thread = new Thread(waiting, "waiting");
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      assertThat(waiting.isDone()).as("given what is not filled").isFalse();
      Thread.onSpinWait();
    }
    first.filled();

    assertThat(brought.filled()).isFalse();
    assertThat(waiting.get(30, TimeUnit.SECONDS).filled()).isTrue();
    assertThat(reserved).hasValue(1);
    first.close(); // who is left keeps it
    assertThat(bytes(model)).isEqualTo(256);
    second.close();
    assertThat(bytes(model)).isZero();
  }

  @Test
  void whatWasNotFilledIsBroughtByTheNext() throws Exception {
    HostWeights broken = HostWeights.of(model, cpu);
    broken.take(0, EXTENT);
    try (HostWeights second = HostWeights.of(model, cpu)) {
      FutureTask<HostLayer> waiting = new FutureTask<>(() -> second.take(0, EXTENT));
      new Thread(waiting, "waiting").start();

      broken.close();

      assertThat(waiting.get(30, TimeUnit.SECONDS).filled()).isFalse();
      assertThat(reserved).hasValue(2);
    }
  }

  @Test
  void otherModelsHaveTheirOwn() {
    try (HostWeights first = HostWeights.of(model, cpu);
        HostWeights second = HostWeights.of(RandomModel.ofOfficialShape(2), cpu)) {
      first.take(0, EXTENT);
      first.filled();

      assertThat(second.take(0, EXTENT).filled()).isFalse();
      assertThat(second.take(1, EXTENT).filled()).isFalse();
      assertThat(bytes(model)).isEqualTo(256);
    }
  }

  @Test
  void whatCannotBeReservedIsNobodys() {
    PaperGpu paper =
        new PaperGpu(
            "paper", Precision.BF16, Precision.BF16, 1L << 30, 1L << 30, KnownGpu.H100.speed());
    try (HostWeights refused = HostWeights.of(model, paper)) {
      assertThatIllegalStateException().isThrownBy(() -> refused.take(0, EXTENT));
    }
    assertThat(HostWeights.bytes(model::identity, DType.BF16, layer -> true)).isZero();
  }

  private static long bytes(ModelSource model) {
    return HostWeights.bytes(model::identity, DType.FP32, layer -> true);
  }
}
