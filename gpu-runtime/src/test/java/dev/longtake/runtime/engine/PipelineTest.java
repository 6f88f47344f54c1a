package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.longtake.runtime.api.DeviceUse;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.GpuTeam;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.engine.device.DeviceList;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * However a frame block's forwards are dealt to devices, the bits are those of {@code resident}.
 */
class PipelineTest {
  private static final Path CHECKPOINT = Path.of("../examples/demo/checkpoint");
  private static final int SIDE = 64;
  private static final int CLIPS = 2; // the second one fills the condition caches again

  // Stages of less and of more than all layers, that begin and end within steps or between them.
  @ParameterizedTest(name = "{0} devices, {1} denoise, one may only decode: {2}")
  @CsvSource({
    "1, 1, false",
    "2, 1, true",
    "2, 2, false",
    "3, 2, true",
    "3, 3, false",
    "4, 4, false",
    "5, 4, true",
    "5, 5, false",
  })
  void givesTheBitsOfResident(int devices, int stages, boolean enableVaeParallel) throws Exception {
    EngineConfig one = config("resident", "cpu", Precision.FP32);
    requireSameBits(
        Resident.ON_CPU,
        one.on(cpus(devices), 1)
            .withStrategy("tpp")
            .withTeam(new GpuTeam(stages, enableVaeParallel, 1)));
  }

  @ParameterizedTest
  @CsvSource({"BF16, BF16", "FP8, BF16", "FP8, FP8"})
  @Tag("gpu")
  void givesTheBitsOfResidentOnGpus(Precision precision, Precision kvPrecision) throws Exception {
    int gpus = DeviceList.of("cuda", Precision.BF16, Precision.BF16).size();
    assumeThat(gpus).as("GPUs: this test needs two").isGreaterThan(1);
    EngineConfig one =
        new EngineConfig(
            CHECKPOINT.toString(),
            "cuda:0",
            "resident",
            precision,
            64,
            64,
            24,
            4,
            1,
            1,
            Long.MAX_VALUE,
            kvPrecision);
    Resident expected = Resident.render(one);
    EngineConfig all = one.on("cuda", 1).withStrategy("tpp");
    requireSameBits(expected, all);
    requireSameBits(expected, all.withTeam(new GpuTeam(gpus, false, 1)));
    requireSameBits(expected, all.withTeam(new GpuTeam(1, true, 1)));
    EngineConfig onlyDenoise = all.withTeam(new GpuTeam(gpus, false, 1));
    try (OpenEngine engine = open(onlyDenoise.withBudget(leastBytes(onlyDenoise, gpus)))) {
      Rendered.requireSameBits(engine, List.of(expected.take));
      assertThat(engine.use()).anySatisfy(use -> assertThat(use.copiedBytes()).isPositive());
    }
  }

  // Two parts of a step on two devices; whole steps and parts of them; less than all layers.
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5})
  void givesTheBitsOfResidentWithWeightsInHostMemory(int devices) throws Exception {
    EngineConfig all =
        config("tpp", cpus(devices), Precision.FP32).withTeam(new GpuTeam(devices, false, 1));
    EngineConfig small = all.withBudget(leastBytes(all, devices));
    try (OpenEngine engine = open(small)) {
      assertThat(engine.parts())
          .extracting(part -> part.memory().totalBytes())
          .allSatisfy(bytes -> assertThat(bytes).isLessThanOrEqualTo(small.budgetBytes()));
      assertThat(engine.parts()).anySatisfy(part -> assertThat(part.work()).contains(" 0 keep"));
      Rendered.requireSameBits(engine, List.of(Resident.ON_CPU.take, Resident.ON_CPU.take));
      assertThat(engine.use()).anySatisfy(use -> assertThat(use.copiedBytes()).isPositive());
    }
    assertThatThrownBy(() -> open(all.withBudget(small.budgetBytes() - 1)))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PLAN_DOES_NOT_FIT));
  }

  /** Returns the least that the device needs that needs most. */
  private static long leastBytes(EngineConfig config, int devices) {
    try (ModelSource source = model();
        ComputeDevice like =
            DeviceChoice.of(
                    config.device().split(",", -1)[0], config.precision(), config.kvPrecision())
                .open(1)) {
      EngineShape shape = source.shape(SIDE, SIDE, config.clipFrames(), config.sampleSteps());
      return PipelineLayout.of(devices, config, shape.model()).roles().stream()
          .map(role -> new StagePlanner(shape, source, role, like))
          .map(planner -> planner.smallest(1, new MemoryBudget(1, Long.MAX_VALUE)))
          .mapToLong(plan -> plan.memory().totalBytes())
          .max()
          .orElseThrow();
    }
  }

  private static void requireSameBits(Resident expected, EngineConfig several) throws Exception {
    try (OpenEngine engine = open(several)) {
      Rendered.requireSameBits(engine, List.of(expected.take));
      if (engine.parts().size() > 1) {
        assertThat(engine.use())
            .isEqualTo(
                engine.parts().stream()
                    .map(part -> new DeviceUse(part.memory().reservedBytes(), 0))
                    .toList());
        assertThat(engine.parts())
            .allSatisfy(
                part -> assertThat(part.memory().totalBytes()).isLessThan(expected.wholeBytes));
      }
    }
  }

  @Test
  void takesShareThePipelineAndMayEndEarly() throws Exception {
    EngineConfig config = config("tpp", cpus(2), Precision.FP32).on(cpus(2), 2);
    try (OpenEngine engine = open(config)) {
      try (TakeSession early = engine.open(Rendered.spec(engine.shape(), 1))) {
        early.renderClip((frame, rgb) -> {}); // the stages work on the next one by now
        assertThat(early.state(early.frames()).moving()).isTrue();
        assertThatThrownBy(engine::close).isInstanceOf(IllegalStateException.class);
      }
      Rendered.requireSameBits(engine, List.of(Resident.ON_CPU.take, Resident.ON_CPU.take));
      assertThat(Rendered.encode(engine))
          .usingRecursiveComparison()
          .isEqualTo(Resident.ON_CPU.encoded);
    }
  }

  @Test
  void whatASinkThrowsEndsTheTakeAlone() {
    try (OpenEngine engine = open(config("tpp", cpus(2), Precision.FP32))) {
      try (TakeSession take = engine.open(Rendered.spec(engine.shape(), 1))) {
        assertThatThrownBy(
                () ->
                    take.renderClip(
                        (frame, rgb) -> {
                          throw new UnsupportedOperationException("no room");
                        }))
            .hasMessage("no room");
      }
      Rendered.take(engine, 1, CLIPS).requireSameBits(Resident.ON_CPU.take);
    }
  }

  @Test
  void refusesMoreStagesThanDevices() {
    EngineConfig config = config("tpp", cpus(2), Precision.FP32);
    assertThatThrownBy(() -> open(config.withTeam(new GpuTeam(3, true, 1))))
        .isInstanceOfSatisfying(
            LongtakeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
        .hasMessageContaining("numGpusDit is 3, but there are 2 devices");
  }

  /** What one device makes of the take. */
  private record Resident(Rendered take, TakeSpec encoded, long wholeBytes) {
    static final Resident ON_CPU = render(config("resident", "cpu", Precision.FP32));

    static Resident render(EngineConfig one) {
      try (OpenEngine engine = open(one)) {
        long bytes = engine.parts().get(0).memory().totalBytes();
        return new Resident(Rendered.take(engine, 1, CLIPS), Rendered.encode(engine), bytes);
      }
    }
  }

  private static String cpus(int devices) {
    return IntStream.range(0, devices)
        .mapToObj("cpu:%d"::formatted)
        .collect(Collectors.joining(","));
  }

  private static OpenEngine open(EngineConfig config) {
    return Engines.open(config, model());
  }

  private static ModelSource model() {
    return ModelSource.of(Checkpoint.open(CHECKPOINT), "demo");
  }

  private static EngineConfig config(String strategy, String devices, Precision precision) {
    return new EngineConfig(
        CHECKPOINT.toString(),
        devices,
        strategy,
        precision,
        SIDE,
        SIDE,
        24,
        4,
        1,
        2,
        Long.MAX_VALUE);
  }
}
