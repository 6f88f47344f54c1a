package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.Checkpoint;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
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
  private static final int CLIPS = 3;
  private static final int MOST_LANES = 3;

  private final List<Rendering> expected = new ArrayList<>();

  @BeforeAll
  void renderResident() {
    try (LongtakeEngine engine = open("resident", 1, Long.MAX_VALUE)) {
      for (int take = 0; take < MOST_LANES; take++) {
        expected.add(render(engine, take));
      }
      assertThat(engine.use().get(0).copiedBytes()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 1", "0, 0, 2", "0, 0, 3", "1, 0, 1", "3, 0, 2", "6, 0, 1", "6, 2, 2", "6, 5, 3"
  })
  void givesTheBitsOfResident(int weightLayers, int cacheLayers, int lanes) throws Exception {
    Residency residency = new Residency(weightLayers, cacheLayers);
    long budgetBytes = leastBudgetBytes(residency, lanes);
    try (LongtakeEngine engine = open("offload", lanes, budgetBytes)) {
      assertThat(engine.residency()).isEqualTo(residency);
      assertThat(engine.plan().totalBytes()).isLessThanOrEqualTo(budgetBytes);
      ExecutorService threads = Executors.newFixedThreadPool(lanes);
      try {
        List<Future<Rendering>> takes =
            IntStream.range(0, lanes)
                .mapToObj(take -> threads.submit(() -> render(engine, take)))
                .toList();
        for (int take = 0; take < lanes; take++) {
          Rendering actual = takes.get(take).get();
          assertThat(actual.latents()).isEqualTo(expected.get(take).latents());
          assertThat(actual.pixels()).isEqualTo(expected.get(take).pixels());
        }
      } finally {
        threads.shutdownNow();
      }
      assertThat(engine.use().get(0).reservedBytes()).isEqualTo(engine.plan().reservedBytes());
      assertThat(engine.use().get(0).copiedBytes()).isPositive();
    }
  }

  @Test
  void goesOnWithTheNextTakeWhenOneWasLeft() {
    long budgetBytes = leastBudgetBytes(new Residency(0, 0), 1);
    try (LongtakeEngine engine = open("offload", 1, budgetBytes)) {
      TakeSpec spec = spec(engine, 1);
      try (TakeSession take = engine.open(spec)) {
        take.renderClip((frame, rgb) -> {});
      }
      assertThat(render(engine, 0).latents()).isEqualTo(expected.get(0).latents());
    }
  }

  @Test
  void failedForwardLeavesTheEngineUsable() {
    long budgetBytes = leastBudgetBytes(new Residency(1, 0), 1);
    try (LongtakeEngine engine = open("offload", 1, budgetBytes)) {
      Rendering broken =
          new Rendering(engine) {
            @Override
            public void layer(int clip, int block, int step, Supplier<Tensor> hidden) {
              throw new IllegalStateException("broken forward");
            }
          };
      try (TakeSession take = engine.open(spec(engine, 0), new TakeRandom(0, 0), broken)) {
        assertThatThrownBy(() -> take.renderClip((frame, rgb) -> {})).hasMessage("broken forward");
      }
      assertThat(render(engine, 0).latents()).isEqualTo(expected.get(0).latents());
    }
  }

  @Test
  void reservesNothingOnceItIsOpen() {
    AtomicInteger reserved = new AtomicInteger();
    EngineConfig config = config("offload", 1, leastBudgetBytes(new Residency(1, 0), 1));
    ComputeDevice cpu = DeviceChoice.of("cpu", Precision.FP32, Precision.FP32).open(1);
    ModelSource source = ModelSource.of(Checkpoint.open(CHECKPOINT), "demo");
    try (LongtakeEngine engine =
        LongtakeEngine.open(config, source, () -> CountedDevice.of(cpu, reserved))) {
      int atOpen = reserved.get();
      int moving = engine.shape().model().dit().layers() - engine.residency().weightLayers();
      assertThat(atOpen).isEqualTo(2 + moving); // on the device; a lane's and layers on the host
      assertThat(render(engine, 0).latents()).isEqualTo(expected.get(0).latents());
      assertThat(reserved.get()).isEqualTo(atOpen);
    }
  }

  /** Returns the smallest budget with which so many layers stay on the device. */
  private static long leastBudgetBytes(Residency residency, int lanes) {
    try (LongtakeEngine engine = open("resident", 1, Long.MAX_VALUE)) {
      EnginePlanner planner = engine.planner();
      long low = 0;
      long high = 1L << 40;
      while (high - low > 1) {
        long middle = (low + high) / 2;
        EnginePlan plan =
            planner.plan(ExecutionStrategies.named("offload"), lanes, middle, Long.MAX_VALUE);
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
        4,
        lanes,
        2,
        budgetBytes);
  }

  private static Rendering render(LongtakeEngine engine, int take) {
    Rendering rendering = new Rendering(engine);
    try (TakeSession session =
        engine.open(spec(engine, take), new TakeRandom(take, 0), rendering)) {
      for (int clip = 0; clip < CLIPS; clip++) {
        session.renderClip(
            (frame, rgb) -> {
              byte[] copy = new byte[rgb.remaining()];
              rgb.get(copy);
              rendering.bytes.writeBytes(copy);
            });
      }
    }
    return rendering;
  }

  private static TakeSpec spec(LongtakeEngine engine, int take) {
    Random random = new Random(take);
    float[] samples = new float[2 * 16_000];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (float) random.nextGaussian();
    }
    byte[] rgb = new byte[HEIGHT * WIDTH * 3];
    random.nextBytes(rgb);
    return TakeSpec.first(
        engine.encodePrompt("Someone speaks: " + take),
        engine.encodePicture(new Picture(HEIGHT, WIDTH, rgb)),
        engine.encodeAudio(samples, 0),
        take);
  }

  /** What came out of a take. */
  private static class Rendering implements GenerationListener {
    private final LongtakeEngine engine;
    private final List<float[]> blocks = new ArrayList<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Rendering(LongtakeEngine engine) {
      this.engine = engine;
    }

    @Override
    public void latents(int clip, int block, Tensor latents) {
      float[] values = new float[Math.toIntExact(latents.shape().elements())];
      engine.ops().download(latents, values, 0);
      blocks.add(values);
    }

    float[][] latents() {
      return blocks.toArray(float[][]::new);
    }

    byte[] pixels() {
      return bytes.toByteArray();
    }
  }
}
