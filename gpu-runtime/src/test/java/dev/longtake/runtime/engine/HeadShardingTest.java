package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.Fidelity;
import dev.longtake.runtime.api.GpuTeam;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.engine.OpenEngine.Part;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.strategy.sharded.HeadsStrategy;
import dev.longtake.runtime.strategy.sharded.Shard;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * However tokens and heads are divided among devices, the latents are those of {@code resident},
 * but for the order in which matrix products of fewer rows are added up.
 */
class HeadShardingTest {
  private static final Path SMALL = Path.of("src/test/resources/golden/small/ckpt");
  private static final Path DEMO = Path.of("../examples/demo/checkpoint");
  private static final int HEADS = 8; // of the small model: 16 channels each, 96 tokens a block
  private static final int CLIPS = 2; // the second one fills the condition caches again

  // Each of 16 forwards is some fp32 roundings of 6e-8 off: squared 4e-15 each.
  private static final double FP32_NMSE = 1e-12;

  private static Alone onCpu;

  @BeforeAll
  static void renderAlone() {
    onCpu =
        Alone.render(
            config(SMALL, "resident", "cpu", Precision.FP32, Precision.FP32, 1), manyHeads());
  }

  /** What one device makes of a take, and what it needs for it. */
  private record Alone(Rendered take, TakeSpec encoded, long laneBytes) {
    static Alone render(EngineConfig config, ModelSource model) {
      try (OpenEngine engine = Engines.open(config, model)) {
        return new Alone(
            Rendered.take(engine, 1, CLIPS),
            Rendered.encode(engine),
            engine.parts().get(0).memory().laneBytes());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5})
  void givesTheLatentsOfResident(int devices) {
    String names =
        IntStream.range(0, devices).mapToObj("cpu:%d"::formatted).collect(Collectors.joining(","));
    EngineConfig divided = config(SMALL, "sharded", names, Precision.FP32, Precision.FP32, devices);
    requireSameLatents(onCpu, divided, manyHeads(), FP32_NMSE);
  }

  // Two results that are both as far from fp32 as verify finds: 0.4 % in bf16, 3.6 % in FP8.
  @ParameterizedTest
  @CsvSource({"BF16, BF16, 0.008", "FP8, BF16, 0.05", "FP8, FP8, 0.05"})
  @Tag("gpu")
  void givesTheLatentsOfResidentOnTwoGpus(
      Precision precision, Precision kvPrecision, double error) {
    EngineConfig alone = config(DEMO, "resident", "cuda:0", precision, kvPrecision, 1);
    EngineConfig divided = config(DEMO, "sharded", "cuda:0,cuda:1", precision, kvPrecision, 2);
    requireSameLatents(Alone.render(alone, model(DEMO)), divided, model(DEMO), error * error);
  }

  private static void requireSameLatents(
      Alone alone, EngineConfig divided, ModelSource model, double nmse) {
    try (OpenEngine engine = Engines.open(divided, model)) {
      Rendered actual = Rendered.take(engine, 1, CLIPS);
      assertThat(actual.nmse(alone.take)).isLessThan(nmse);
      assertThat(actual.pixels()).hasSameSizeAs(alone.take.pixels());
      assertThat(engine.parts())
          .hasSize(divided.team().ulyssesSize())
          .allSatisfy(part -> assertThat(part.memory().laneBytes()).isLessThan(alone.laneBytes));
      // The first one encodes and decodes; the others have the transformer alone.
      MemoryPlan first = engine.parts().get(0).memory();
      assertThat(engine.parts().subList(1, engine.parts().size()))
          .extracting(Part::memory)
          .allSatisfy(plan -> assertThat(plan.textEncoderBytes()).isZero())
          .allSatisfy(plan -> assertThat(plan.weightBytes()).isLessThan(first.weightBytes()))
          .allSatisfy(plan -> assertThat(plan.workspaceBytes()).isLessThan(first.workspaceBytes()));
    }
  }

  @Test
  void weightsInHostMemoryChangeNothing() throws Exception {
    EngineConfig divided =
        config(DEMO, "sharded", "cpu:0,cpu:1", Precision.FP32, Precision.FP32, 2);
    List<Rendered> expected;
    long leastBytes;
    try (OpenEngine engine = Engines.open(divided, model(DEMO))) {
      expected = List.of(Rendered.take(engine, 1, 1));
      ComputeDevice first = engine.parts().get(0).device();
      ExecutionStrategy strategy = new HeadsStrategy(new Shard(0, 2));
      leastBytes =
          new EnginePlanner(engine.shape(), model(DEMO), first)
              .plan(strategy, 1, 1, Long.MAX_VALUE)
              .memory()
              .totalBytes();
    }
    try (OpenEngine engine = Engines.open(divided.withBudget(leastBytes), model(DEMO))) {
      assertThat(engine.parts().get(0).memory().totalBytes()).isEqualTo(leastBytes);
      assertThat(engine.parts().get(0).work()).contains("of 6 layers, 0 keep their weights");
      Rendered.requireSameBits(engine, expected);
      assertThat(engine.use().get(0).copiedBytes()).isPositive();
    }
  }

  @Test
  void goesOnAfterATakeThatFailed() {
    EngineConfig config =
        config(SMALL, "sharded", "cpu:0,cpu:1", Precision.FP32, Precision.FP32, 2);
    try (OpenEngine engine = Engines.open(config, manyHeads())) {
      Rendered expected = Rendered.take(engine, 1, 1);
      try (TakeSession take = engine.open(Rendered.spec(engine.shape(), 1))) {
        assertThatThrownBy(
                () ->
                    take.renderClip(
                        (frame, rgb) -> {
                          if (frame == 5) { // while the other device waits for the next forward
                            throw new IllegalStateException("the disk is full");
                          }
                        }))
            .hasMessage("the disk is full");
      }
      Rendered.take(engine, 1, 1).requireSameBits(expected);
      assertThat(Rendered.encode(engine)).usingRecursiveComparison().isEqualTo(onCpu.encoded);
    }
  }

  @Test
  void goesOnFromTheEndOfAnotherTake() {
    EngineConfig alone = config(SMALL, "resident", "cpu", Precision.FP32, Precision.FP32, 1);
    EngineConfig divided =
        config(SMALL, "sharded", "cpu:0,cpu:1,cpu:2", Precision.FP32, Precision.FP32, 3);
    try (OpenEngine one = Engines.open(alone, manyHeads());
        OpenEngine several = Engines.open(divided, manyHeads())) {
      TakeState end = endOf(one);
      TakeState actual = endOf(several);

      assertThat(actual.moving()).isTrue();
      // Of frames in bytes, of which a few may be rounded to the next one.
      assertThat(Rendered.nmse(actual.motion().values(), end.motion().values())).isLessThan(1e-5);
      TakeSpec first = onCpu.take.spec();
      TakeSpec next = new TakeSpec(first.prompt(), first.picture(), first.audio(), end, 1, 1);
      Rendered expected = Rendered.take(one, next, 1);
      assertThat(Rendered.take(several, next, 1).nmse(expected)).isLessThan(FP32_NMSE);
      assertThat(expected.nmse(Rendered.take(one, first, 1))).as("other motion").isPositive();
    }
  }

  private static TakeState endOf(OpenEngine engine) {
    try (TakeSession take = engine.open(onCpu.take.spec())) {
      take.renderClip((frame, rgb) -> {});
      return take.state(take.frames());
    }
  }

  @Test
  void refusesMoreDevicesThanHeads() {
    EngineConfig config =
        config(DEMO, "sharded", "cpu:0,cpu:1,cpu:2", Precision.FP32, Precision.FP32, 3);
    assertThatThrownBy(() -> Engines.open(config, model(DEMO)))
        .isInstanceOfSatisfying(
            LongtakeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
        .hasMessageContaining("Set ulyssesSize to 2 at most");
  }

  @Test
  void refusesAnotherNumberOfDevices() {
    EngineConfig config = config(DEMO, "sharded", "cpu:0,cpu:1", Precision.FP32, Precision.FP32, 3);
    assertThatThrownBy(() -> Engines.open(config, model(DEMO)))
        .isInstanceOfSatisfying(
            LongtakeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
        .hasMessageContaining("ulyssesSize is 3, but there are 2 devices: cpu:0,cpu:1");
  }

  private static ModelSource manyHeads() {
    return new OtherHeads(model(SMALL), HEADS);
  }

  private static ModelSource model(Path checkpoint) {
    return ModelSource.of(Checkpoint.open(checkpoint), checkpoint.toString());
  }

  private static EngineConfig config(
      Path checkpoint,
      String strategy,
      String devices,
      Precision precision,
      Precision kvPrecision,
      int ulyssesSize) {
    return new EngineConfig(
        checkpoint.toString(),
        devices,
        strategy,
        precision,
        128,
        64,
        24,
        4,
        1,
        1,
        Long.MAX_VALUE,
        kvPrecision,
        new GpuTeam(0, true, ulyssesSize),
        Fidelity.AS_ASKED);
  }
}
