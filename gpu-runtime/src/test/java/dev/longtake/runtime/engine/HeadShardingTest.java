package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.GpuTeam;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * However tokens and heads are divided among devices, the latents are those of {@code resident},
 * but for the order in which matrix products of fewer rows are added up.
 */
class HeadShardingTest {
  private static final Path CHECKPOINT = Path.of("src/test/resources/golden/small/ckpt");
  private static final int HEADS = 8; // of 16 channels; 96 tokens a block, 110 conditions
  private static final int CLIPS = 2; // the second one fills the condition caches again

  // Each of 16 forwards is some fp32 roundings of 6e-8 off: squared 4e-15 each.
  private static final double FP32_NMSE = 1e-12;

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5})
  void givesTheLatentsOfResident(int devices) {
    Rendered expected;
    long laneBytes;
    try (OpenEngine engine = open("resident", 1)) {
      laneBytes = engine.parts().get(0).memory().laneBytes();
      expected = Rendered.take(engine, 1, CLIPS);
    }
    try (OpenEngine engine = open("sharded", devices)) {
      Rendered actual = Rendered.take(engine, 1, CLIPS);
      assertThat(actual.nmse(expected)).isLessThan(FP32_NMSE);
      assertThat(actual.pixels()).hasSameSizeAs(expected.pixels());
      assertThat(engine.parts())
          .hasSize(devices)
          .allSatisfy(part -> assertThat(part.memory().laneBytes()).isLessThan(laneBytes));
    }
  }

  @Test
  void refusesMoreDevicesThanHeads() {
    assertThatThrownBy(() -> open("sharded", HEADS + 1))
        .isInstanceOfSatisfying(
            LongtakeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
        .hasMessageContaining("Set ulyssesSize to 8 at most");
  }

  @Test
  void refusesAnotherNumberOfDevices() {
    EngineConfig config = config("sharded", "cpu:0,cpu:1", 3);
    assertThatThrownBy(() -> Engines.open(config, model()))
        .isInstanceOfSatisfying(
            LongtakeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
        .hasMessageContaining("ulyssesSize is 3, but there are 2 devices: cpu:0,cpu:1");
  }

  private static OpenEngine open(String strategy, int devices) {
    String names =
        IntStream.range(0, devices).mapToObj("cpu:%d"::formatted).collect(Collectors.joining(","));
    return Engines.open(config(strategy, names, devices), model());
  }

  private static ModelSource model() {
    return new OtherHeads(ModelSource.of(Checkpoint.open(CHECKPOINT), "small"), HEADS);
  }

  private static EngineConfig config(String strategy, String devices, int ulyssesSize) {
    return new EngineConfig(
        CHECKPOINT.toString(),
        devices,
        strategy,
        Precision.FP32,
        128,
        64,
        24,
        4,
        1,
        1,
        Long.MAX_VALUE,
        Precision.FP32,
        new GpuTeam(0, true, ulyssesSize));
  }
}
