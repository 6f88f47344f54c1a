package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
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
    Rendering first = render(precision, kvPrecision, Long.MAX_VALUE);
    Rendering second = render(precision, kvPrecision, Long.MAX_VALUE);

    assertThat(first.pixels.size()).isEqualTo((CLIPS * 24 - 3) * HEIGHT * WIDTH * 3);
    assertThat(second.latents.toArray()).isEqualTo(first.latents.toArray());
    assertThat(second.pixels.toByteArray()).isEqualTo(first.pixels.toByteArray());
  }

  @ParameterizedTest
  @CsvSource({"BF16, BF16", "FP8, BF16", "FP8, FP8"})
  void textEncoderAsAGuestGivesTheSameBits(Precision precision, Precision kvPrecision) {
    Rendering resident = render(precision, kvPrecision, Long.MAX_VALUE);
    Rendering guest = render(precision, kvPrecision, resident.plannedBytes - 1);

    assertThat(guest.plannedBytes).isLessThan(resident.plannedBytes);
    assertThat(guest.latents.toArray()).isEqualTo(resident.latents.toArray());
  }

  // From everything in host memory to all weights but no caches on the device.
  @ParameterizedTest
  @CsvSource({"BF16, BF16", "FP8, BF16", "FP8, FP8"})
  void offloadGivesTheBitsOfResident(Precision precision, Precision kvPrecision) {
    Rendering resident = render(precision, kvPrecision, Long.MAX_VALUE);
    for (int thirds = 0; thirds < 3; thirds++) {
      long moreBytes = (resident.plannedBytes - resident.leastOffloadBytes) * thirds / 3;

      Rendering offload =
          render("offload", precision, kvPrecision, resident.leastOffloadBytes + moreBytes);

      assertThat(offload.residency.cacheLayers()).isLessThan(resident.residency.cacheLayers());
      assertThat(offload.latents.toArray()).isEqualTo(resident.latents.toArray());
      assertThat(offload.pixels.toByteArray()).isEqualTo(resident.pixels.toByteArray());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"resident", "offload"})
  void reservesNothingOnceItIsOpen(String strategy) {
    Rendering resident = render(Precision.BF16, Precision.BF16, Long.MAX_VALUE);
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

  private static Rendering render(Precision precision, Precision kvPrecision, long budgetBytes) {
    return render("resident", precision, kvPrecision, budgetBytes);
  }

  private static Rendering render(
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

  private static Rendering renderOn(LongtakeEngine engine) {
    Rendering rendering = new Rendering(engine);
    TakeSpec spec =
        TakeSpec.first(
            engine.encodePrompt("Someone speaks."),
            engine.encodePicture(new Picture(HEIGHT, WIDTH, new byte[HEIGHT * WIDTH * 3])),
            engine.encodeAudio(new float[3 * 16_000], 0),
            1);
    try (TakeSession take = engine.open(spec, new TakeRandom(1, 0), rendering)) {
      for (int clip = 0; clip < CLIPS; clip++) {
        take.renderClip(
            (frame, rgb) -> {
              byte[] copy = new byte[rgb.remaining()];
              rgb.get(copy);
              rendering.pixels.writeBytes(copy);
            });
      }
    }
    assertThat(engine.ops().workspace().peakBytes()).isLessThan(engine.plan().workspaceBytes());
    return rendering;
  }

  private static final class Rendering implements GenerationListener {
    private final LongtakeEngine engine;
    private final long plannedBytes;
    private final Residency residency;
    private final long leastOffloadBytes;
    private final List<HostValues> latents = new ArrayList<>();
    private final ByteArrayOutputStream pixels = new ByteArrayOutputStream();

    Rendering(LongtakeEngine engine) {
      this.engine = engine;
      this.plannedBytes = engine.plannedBytes();
      this.residency = engine.residency();
      this.leastOffloadBytes =
          engine
              .planner()
              .plan(ExecutionStrategies.named("offload"), 1, 1, Long.MAX_VALUE)
              .memory()
              .totalBytes();
    }

    @Override
    public void latents(int clip, int block, Tensor blockLatents) {
      float[] values = new float[Math.toIntExact(blockLatents.shape().elements())];
      engine.ops().download(blockLatents, values, 0);
      latents.add(new HostValues(values, blockLatents.shape().toArray()));
    }
  }
}
