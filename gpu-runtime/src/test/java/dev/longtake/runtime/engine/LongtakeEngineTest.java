package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.Fidelity;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.Checkpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LongtakeEngineTest {
  private static final Path CHECKPOINT = Path.of("src/test/resources/golden/small/ckpt");
  private static final int HEIGHT = 128;
  private static final int WIDTH = 64;
  private static final int CLIP_FRAMES = 24;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void latentsAndPixelsAreTheSameOnAnyNumberOfThreads(int threads) {
    Rendering expected = render(config(1, 1), 7);

    Rendering actual = render(config(threads, 1), 7);

    assertThat(actual.latents()).isEqualTo(expected.latents());
    assertThat(actual.pixels()).isEqualTo(expected.pixels());
  }

  @Test
  void anotherSeedGivesAnotherVideo() {
    assertThat(render(config(2, 1), 8).latents()).isNotEqualTo(render(config(2, 1), 7).latents());
  }

  @Test
  void takesTurnsWithoutMixingUpTheTakes() {
    Rendering expected = render(config(2, 1), 7);
    try (LongtakeEngine engine = open(config(2, 2))) {
      TakeSpec spec = spec(engine, 7);
      Rendering first = new Rendering(engine);
      Rendering second = new Rendering(engine);
      try (TakeSession one = engine.open(spec, new TakeRandom(7, 0), first);
          TakeSession other = engine.open(spec(engine, 8), new TakeRandom(8, 0), second)) {
        one.renderClip(first::add);
        other.renderClip(second::add);
        one.renderClip(first::add);
        other.renderClip(second::add);
      }
      assertThat(first.pixels()).isEqualTo(expected.pixels());
      assertThat(second.pixels()).isNotEqualTo(expected.pixels());
    }
  }

  @Test
  void takesOfSeveralThreadsAreWhatEachIsAlone() throws Exception {
    List<Rendering> expected = new ArrayList<>();
    for (int take = 0; take < 3; take++) {
      expected.add(render(config(1, 1), 7 + take));
    }
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try (LongtakeEngine engine = open(config(2, 3))) {
      List<Future<Rendering>> takes = new ArrayList<>();
      for (int take = 0; take < 3; take++) {
        int seed = 7 + take;
        takes.add(threads.submit(() -> renderTake(engine, seed)));
      }
      for (int take = 0; take < 3; take++) {
        Rendering actual = takes.get(take).get();
        assertThat(actual.latents()).isEqualTo(expected.get(take).latents());
        assertThat(actual.pixels()).isEqualTo(expected.get(take).pixels());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void laneStartsAfreshWithTheNextTake() {
    try (LongtakeEngine engine = open(config(2, 1))) {
      Rendering first = renderTake(engine, 7);
      Rendering second = renderTake(engine, 7);

      assertThat(second.pixels()).isEqualTo(first.pixels());
    }
  }

  @Test
  void firstClipLacksThreeFrames() {
    try (LongtakeEngine engine = open(config(2, 1));
        TakeSession take = engine.open(spec(engine, 1))) {
      take.renderClip((frame, rgb) -> {});
      assertThat(take.frames()).isEqualTo(CLIP_FRAMES - 3);
      take.renderClip((frame, rgb) -> {});
      assertThat(take.frames()).isEqualTo(2 * CLIP_FRAMES - 3);
    }
  }

  @Test
  void takeGoesOnFromTheEndOfAnother() {
    try (LongtakeEngine engine = open(config(2, 1))) {
      TakeSpec first = spec(engine, 1);
      TakeState end;
      try (TakeSession take = engine.open(first)) {
        assertThatThrownBy(() -> take.state(1)).isInstanceOf(IllegalArgumentException.class);
        take.renderClip((frame, rgb) -> {});
        end = take.state(take.frames());
        assertThat(take.state(take.frames() - 1)).isNotEqualTo(end);
        assertThatThrownBy(() -> take.state(take.frames() + 1)).hasMessageContaining("keptFrames");
      }
      end.motion().require("motion", 19, HEIGHT / 8, WIDTH / 8, 16);
      assertThat(end.moving()).isTrue();
      assertThat(end.motion()).isNotEqualTo(first.start().motion());

      TakeSpec second = new TakeSpec(first.prompt(), first.picture(), first.audio(), end, 1, 1);
      Rendering carried = new Rendering(engine);
      try (TakeSession take = engine.open(second)) {
        take.renderClip(carried::add);
      }
      assertThat(carried.frames).isEqualTo(CLIP_FRAMES - 3);
    }
  }

  @Test
  void planIsWhatTheEngineTakes() {
    try (LongtakeEngine engine = open(config(2, 1))) {
      useAtItsLargest(engine);

      assertThat(engine.ops().workspace().peakBytes()).isEqualTo(engine.plan().workspaceBytes());
    }
  }

  /** The longest prompt, the longest window of speech, two clips and the end of a take. */
  private static void useAtItsLargest(LongtakeEngine engine) {
    byte[] rgb = new byte[HEIGHT * WIDTH * 3];
    TakeSpec spec =
        TakeSpec.first(
            engine.encodePrompt("Someone speaks. ".repeat(100)),
            engine.encodePicture(new Picture(HEIGHT, WIDTH, rgb)),
            engine.encodeAudio(new float[60 * 16_000 - 3 * 640], 3),
            1); // a minute with the silence in front, which is 3 frames of 640 samples
    try (TakeSession take = engine.open(spec)) {
      take.renderClip((frame, pixels) -> {});
      take.renderClip((frame, pixels) -> {});
      take.state(take.frames());
    }
  }

  // Room for everything but the text encoder beside the lane.
  @Test
  void textEncoderIsAGuestInTheLaneWhereItDoesNotFit() {
    HostValues expected;
    long allBytes;
    long textBytes;
    byte[] pixels;
    try (LongtakeEngine engine = open(config(2, 1))) {
      expected = engine.encodePrompt("Someone speaks.");
      allBytes = engine.plan().totalBytes();
      textBytes = engine.plan().textEncoderBytes();
      pixels = renderTake(engine, 7).pixels();
    }
    try (LongtakeEngine engine = open(withBudget(allBytes - 1))) {
      assertThat(engine.plan().totalBytes()).isEqualTo(allBytes - textBytes);
      assertThat(engine.memoryPlan()).contains("text encoder in a free lane");
      assertThat(renderTake(engine, 7).pixels()).isEqualTo(pixels);
      assertThat(engine.encodePrompt("Someone speaks.")).isEqualTo(expected);
      assertThat(renderTake(engine, 7).pixels()).isEqualTo(pixels);
    }
  }

  private static EngineConfig withBudget(long budgetBytes) {
    return new EngineConfig(
        CHECKPOINT.toString(),
        "cpu",
        "resident",
        Precision.FP32,
        HEIGHT,
        WIDTH,
        CLIP_FRAMES,
        4,
        1,
        2,
        budgetBytes);
  }

  @Test
  void refusesPlanThatDoesNotFit() {
    EngineConfig config = withBudget(1 << 20);

    assertThatThrownBy(() -> open(config))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PLAN_DOES_NOT_FIT))
        .hasMessageContaining("Strategy 'resident' needs")
        .hasMessageContaining("weights")
        .hasMessageContaining("budget")
        .hasMessageContaining("The least for this size is strategy offload with 1 lane");
  }

  @Test
  void rendersWholeClipsWithAShorterMemoryIfThatIsAllowed() {
    long budgetBytes;
    try (LongtakeEngine engine = open(withBudget(Long.MAX_VALUE))) {
      EnginePlan least =
          engine.planner().plan(ExecutionStrategies.named("resident"), 1, 1, Long.MAX_VALUE);
      budgetBytes = least.memory().totalBytes() - 1;
    }
    EngineConfig config = withBudget(budgetBytes).withFidelity(Fidelity.MAY_DEGRADE);

    try (LongtakeEngine engine = open(config)) {
      assertThat(engine.choice().reason()).contains("so it has 12");
      Rendering rendering = renderTake(engine, 7);

      assertThat(rendering.pixels()).hasSameSizeAs(render(config(2, 1), 7).pixels());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'\"num_layers\": 2', '\"num_layers\": 3', blocks.2.",
    "'\"num_layers\": 2', '\"num_layers\": 1', audio_inject_layers",
    "'0,\\s+1', '0', audio_injector.injector.1.",
    "'\"ffn_dim\": 256', '\"ffn_dim\": 512', blocks.0.ffn.0.weight",
    "'\"dim\": 128', '\"dim\": 256', patch_embedding.weight",
    "'\"audio_dim\": 32', '\"audio_dim\": 48', audio",
    "'\"num_heads\": 1', '\"num_heads\": 3', num_heads"
  })
  void refusesConfigThatContradictsTheTensors(
      String pattern, String wrong, String named, @TempDir Path temp) throws IOException {
    copy(CHECKPOINT, temp);
    Path config = temp.resolve("Wan2.2-S2V-14B/config.json");
    String text = Files.readString(config);
    assertThat(text).containsPattern(pattern);
    Files.writeString(config, text.replaceFirst(pattern, wrong));
    EngineConfig engine = EngineConfig.onCpu(temp.toString(), HEIGHT, WIDTH, 1);

    assertThatThrownBy(() -> open(engine))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
        .hasMessageContaining(named);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = to.resolve(from.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy);
      }
    }
  }

  @Test
  void refusesUnknownStrategyAndNamesThoseThereAre() {
    EngineConfig config =
        new EngineConfig(
            CHECKPOINT.toString(),
            "cpu",
            "quantum",
            Precision.FP32,
            HEIGHT,
            WIDTH,
            CLIP_FRAMES,
            4,
            1,
            1,
            Long.MAX_VALUE);

    assertThatThrownBy(() -> open(config))
        .hasMessageContaining("'quantum'")
        .hasMessageContaining("resident");
  }

  @Test
  void refusesConditionsOfAnotherModel() {
    try (LongtakeEngine engine = open(config(1, 1))) {
      TakeSpec good = spec(engine, 1);
      TakeSpec bad =
          new TakeSpec(
              new HostValues(new float[6], 2, 3), good.picture(), good.audio(), good.start(), 1, 0);

      assertThatThrownBy(() -> engine.open(bad)).hasMessageContaining("prompt must be [2, 32]");
      renderTake(engine, 1); // the lane is free again
    }
  }

  private static EngineConfig config(int threads, int lanes) {
    return new EngineConfig(
        CHECKPOINT.toString(),
        "cpu",
        "resident",
        Precision.FP32,
        HEIGHT,
        WIDTH,
        CLIP_FRAMES,
        4,
        lanes,
        threads,
        Long.MAX_VALUE);
  }

  private static LongtakeEngine open(EngineConfig config) {
    return LongtakeEngine.open(config, Checkpoint.open(Path.of(config.checkpointDir())));
  }

  private static Rendering render(EngineConfig config, long seed) {
    try (LongtakeEngine engine = open(config)) {
      return renderTake(engine, seed);
    }
  }

  private static Rendering renderTake(LongtakeEngine engine, long seed) {
    Rendering rendering = new Rendering(engine);
    try (TakeSession take = engine.open(spec(engine, seed), new TakeRandom(seed, 0), rendering)) {
      take.renderClip(rendering::add);
      take.renderClip(rendering::add);
    }
    return rendering;
  }

  private static TakeSpec spec(LongtakeEngine engine, long seed) {
    Random random = new Random(42);
    float[] samples = new float[2 * 16_000];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (float) random.nextGaussian();
    }
    byte[] rgb = new byte[HEIGHT * WIDTH * 3];
    random.nextBytes(rgb);
    PictureLatents picture = engine.encodePicture(new Picture(HEIGHT, WIDTH, rgb));
    return TakeSpec.first(
        engine.encodePrompt("Someone speaks."), picture, engine.encodeAudio(samples, 3), seed);
  }

  /** What came out of a take. */
  private static final class Rendering implements GenerationListener {
    private final LongtakeEngine engine;
    private final List<float[]> blocks = new ArrayList<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int frames;

    Rendering(LongtakeEngine engine) {
      this.engine = engine;
    }

    @Override
    public void latents(int clip, int block, Tensor latents) {
      float[] values = new float[Math.toIntExact(latents.shape().elements())];
      engine.ops().download(latents, values, 0);
      blocks.add(values);
    }

    void add(int frame, ByteBuffer rgb) {
      assertThat(frame).isEqualTo(frames++);
      byte[] copy = new byte[rgb.remaining()];
      rgb.get(copy);
      bytes.writeBytes(copy);
    }

    float[][] latents() {
      return blocks.toArray(float[][]::new);
    }

    byte[] pixels() {
      return bytes.toByteArray();
    }
  }
}
