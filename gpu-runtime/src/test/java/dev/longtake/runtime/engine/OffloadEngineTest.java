package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever is kept in host memory, the bits are those of {@code resident}. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OffloadEngineTest {
  private static final Path CHECKPOINT = Path.of("../examples/demo/checkpoint");
  private static final int HEIGHT = 64;
  private static final int WIDTH = 64;
  private static final int CLIP_FRAMES = 24;
  private static final int CLIPS = 2; // the second one fills the condition caches again
  private static final int STEPS = 3; // two that share their conditions, and one more
  private static final int MOST_LANES = 3;

  private LongtakeEngine resident;
  private EnginePlanner planner;
  private List<Rendered> expected;

  @BeforeAll
  void renderResident() {
    resident = open("resident", 1, Long.MAX_VALUE);
    planner = resident.planner();
    expected = Rendered.takes(resident, MOST_LANES, CLIPS);
    assertThat(resident.use().get(0).copiedBytes()).isZero();
  }

  @AfterAll
  void close() {
    resident.close();
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 1", "0, 0, 3", "1, 0, 1", "3, 0, 2", "6, 0, 1", "6, 2, 2", "6, 5, 3"})
  void givesTheBitsOfResident(int weightLayers, int cacheLayers, int lanes) throws Exception {
    Residency residency = new Residency(weightLayers, cacheLayers);
    long budgetBytes = leastBudgetBytes(residency, lanes);
    try (LongtakeEngine engine = open("offload", lanes, budgetBytes)) {
      assertThat(engine.residency()).isEqualTo(residency);
      assertThat(engine.plan().totalBytes()).isLessThanOrEqualTo(budgetBytes);
      Rendered.requireSameBits(engine, expected.subList(0, lanes));
      assertThat(engine.use().get(0).reservedBytes()).isEqualTo(engine.plan().reservedBytes());
      assertThat(engine.use().get(0).copiedBytes()).isPositive();
    }
  }

  @Test
  void goesOnWithTheNextTakeWhenOneWasLeft() throws Exception {
    long budgetBytes = leastBudgetBytes(new Residency(0, 0), 1);
    try (LongtakeEngine engine = open("offload", 1, budgetBytes)) {
      TakeSpec spec = Rendered.spec(resident.shape(), 1);
      try (TakeSession take = engine.open(spec)) {
        take.renderClip((frame, rgb) -> {});
      }
      Rendered.requireSameBits(engine, expected.subList(0, 1));
    }
  }

  @Test
  void failedForwardLeavesTheEngineUsable() throws Exception {
    long budgetBytes = leastBudgetBytes(new Residency(1, 0), 1);
    try (LongtakeEngine engine = open("offload", 1, budgetBytes)) {
      GenerationListener broken =
          new GenerationListener() {
            @Override
            public void layer(int clip, int block, int step, Supplier<Tensor> hidden) {
              throw new IllegalStateException("broken forward");
            }
          };
      try (TakeSession take =
          engine.open(Rendered.spec(resident.shape(), 0), new TakeRandom(0, 0), broken)) {
        assertThatThrownBy(() -> take.renderClip((frame, rgb) -> {})).hasMessage("broken forward");
      }
      Rendered.requireSameBits(engine, expected.subList(0, 1));
    }
  }

  @Test
  void reservesNothingOnceItIsOpen() throws Exception {
    AtomicInteger reserved = new AtomicInteger();
    EngineConfig config = config("offload", 1, leastBudgetBytes(new Residency(1, 0), 1));
    ComputeDevice cpu = DeviceChoice.of("cpu", Precision.FP32, Precision.FP32).open(1);
    ModelSource source = ModelSource.of(Checkpoint.open(CHECKPOINT), "demo");
    try (LongtakeEngine engine =
        LongtakeEngine.open(config, source, () -> CountedDevice.of(cpu, reserved))) {
      int atOpen = reserved.get();
      int moving = engine.shape().model().dit().layers() - engine.residency().weightLayers();
      assertThat(atOpen).isEqualTo(2 + moving); // on the device; a lane's and layers on the host
      Rendered.requireSameBits(engine, expected.subList(0, 1));
      assertThat(reserved.get()).isEqualTo(atOpen);
    }
  }

  /** Returns the smallest budget with which so many layers stay on the device. */
  private long leastBudgetBytes(Residency residency, int lanes) {
    ExecutionStrategy offload = ExecutionStrategies.named("offload");
    long low = 0;
    long high = 1L << 40;
    while (high - low > 1) {
      long middle = (low + high) / 2;
      EnginePlan plan = planner.plan(offload, lanes, middle, Long.MAX_VALUE);
      boolean enough =
          plan.fits(middle, Long.MAX_VALUE)
              && plan.residency().weightLayers() >= residency.weightLayers()
              && plan.residency().cacheLayers() >= residency.cacheLayers();
      if (enough) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return high;
  }

  private static LongtakeEngine open(String strategy, int lanes, long budgetBytes) {
    return LongtakeEngine.open(config(strategy, lanes, budgetBytes), Checkpoint.open(CHECKPOINT));
  }

  private static EngineConfig config(String strategy, int lanes, long budgetBytes) {
    return new EngineConfig(
        CHECKPOINT.toString(),
        "cpu",
        strategy,
        Precision.FP32,
        HEIGHT,
        WIDTH,
        CLIP_FRAMES,
        STEPS,
        lanes,
        2,
        budgetBytes);
  }
}
