package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole engine on a GPU; that its numbers are right is for {@code VerifyCudaTest}. */
@Tag("gpu")
class CudaEngineTest {
  private static final Path CHECKPOINT = Path.of("src/test/resources/golden/small/ckpt");
  private static final int HEIGHT = 128;
  private static final int WIDTH = 64;
  private static final int CLIPS = 3;

  @ParameterizedTest
  @CsvSource({"BF16, BF16", "FP8, BF16", "FP8, FP8"})
  void everyRunGivesTheSameBits(Precision precision, Precision kvPrecision) {
    Run first = render(precision, kvPrecision, Long.MAX_VALUE);
    Run second = render(precision, kvPrecision, Long.MAX_VALUE);

    assertThat(first.take.pixels()).hasSize((CLIPS * 24 - 3) * HEIGHT * WIDTH * 3);
    second.take.requireSameBits(first.take);
  }

  @ParameterizedTest
  @CsvSource({"BF16, BF16", "FP8, BF16", "FP8, FP8"})
  void textEncoderAsAGuestGivesTheSameBits(Precision precision, Precision kvPrecision) {
    Run resident = render(precision, kvPrecision, Long.MAX_VALUE);
    Run guest = render(precision, kvPrecision, resident.plannedBytes - 1);

    assertThat(guest.plannedBytes).isLessThan(resident.plannedBytes);
    guest.take.requireSameBits(resident.take);
  }

  // From everything in host memory to all weights but no caches on the device.
  @ParameterizedTest
  @CsvSource({"BF16, BF16", "FP8, BF16", "FP8, FP8"})
  void offloadGivesTheBitsOfResident(Precision precision, Precision kvPrecision) {
    Run resident = render(precision, kvPrecision, Long.MAX_VALUE);
    for (int thirds = 0; thirds < 3; thirds++) {
      long moreBytes = (resident.plannedBytes - resident.leastOffloadBytes) * thirds / 3;

      Run offload =
          render("offload", precision, kvPrecision, resident.leastOffloadBytes + moreBytes);

      assertThat(offload.residency.cacheLayers()).isLessThan(resident.residency.cacheLayers());
      offload.take.requireSameBits(resident.take);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"resident", "offload"})
  void reservesNothingOnceItIsOpen(String strategy) {
    Run resident = render(Precision.BF16, Precision.BF16, Long.MAX_VALUE);
    long budgetBytes =
        strategy.equals("resident") ? Long.MAX_VALUE : resident.leastOffloadBytes + (1 << 20);
    EngineConfig config = config(strategy, Precision.BF16, Precision.BF16, budgetBytes);
    AtomicInteger reserved = new AtomicInteger();
    ModelSource source = ModelSource.of(Checkpoint.open(CHECKPOINT), "small");
    DeviceChoice gpu = DeviceChoice.of("cuda", Precision.BF16, Precision.BF16);

    try (LongtakeEngine engine =
        LongtakeEngine.open(config, source, () -> CountedDevice.of(gpu.open(1), reserved))) {
      int atOpen = reserved.get();
      renderOn(engine);
      long usedBytes = engine.device().usedBytes(); // kernels have been loaded by now
      renderOn(engine);

      assertThat(reserved).hasValue(atOpen);
      assertThat(engine.device().usedBytes()).isEqualTo(usedBytes);
    }
  }

  private static Run render(Precision precision, Precision kvPrecision, long budgetBytes) {
    return render("resident", precision, kvPrecision, budgetBytes);
  }

  private static Run render(
      String strategy, Precision precision, Precision kvPrecision, long budgetBytes) {
    EngineConfig config = config(strategy, precision, kvPrecision, budgetBytes);
    try (LongtakeEngine engine = LongtakeEngine.open(config, Checkpoint.open(CHECKPOINT))) {
      return renderOn(engine);
    }
  }

  private static EngineConfig config(
      String strategy, Precision precision, Precision kvPrecision, long budgetBytes) {
    return new EngineConfig(
        CHECKPOINT.toString(),
        "cuda",
        strategy,
        precision,
        HEIGHT,
        WIDTH,
        24,
        4,
        1,
        1,
        budgetBytes,
        kvPrecision);
  }

  private static Run renderOn(LongtakeEngine engine) {
    Rendered take = Rendered.take(engine, 1, CLIPS);
    assertThat(engine.ops().workspace().peakBytes()).isLessThan(engine.plan().workspaceBytes());
    long leastOffloadBytes =
        engine
            .planner()
            .plan(ExecutionStrategies.named("offload"), 1, 1, Long.MAX_VALUE)
            .memory()
            .totalBytes();
    return new Run(take, engine.plannedBytes(), engine.residency(), leastOffloadBytes);
  }

  private record Run(
      Rendered take, long plannedBytes, Residency residency, long leastOffloadBytes) {}
}
