package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.device.DeviceList;
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
import org.junit.jupiter.params.provider.EnumSource;

/** However layers are divided among devices, the bits are those of {@code resident}. */
class LayerShardingTest {
  private static final Path CHECKPOINT = Path.of("../examples/demo/checkpoint");
  private static final int CLIPS = 2; // the second one fills the condition caches again
  private static final int MOST_LANES = 5;

  /** What one device makes of the takes. */
  private record Resident(List<Rendered> takes, TakeSpec encoded, long weightBytes) {
    static Resident render(EngineConfig one, int takes) {
      try (OpenEngine engine = open(one)) {
        long weightBytes = engine.parts().get(0).memory().weightBytes();
        return new Resident(
            Rendered.takes(engine, takes, CLIPS), Rendered.encode(engine), weightBytes);
      }
    }
  }

  private static Resident onCpu;

  @BeforeAll
  static void renderResident() {
    onCpu = Resident.render(config("resident", "cpu", Precision.FP32, 1), MOST_LANES);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 3", "3, 3", "4, 4", "5, 5"})
  void givesTheBitsOfResident(int devices, int lanes) throws Exception {
    String names =
        IntStream.range(0, devices).mapToObj("cpu:%d"::formatted).collect(Collectors.joining(","));
    requireSameBits(onCpu, config("sharded", names, Precision.FP32, lanes));
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"BF16", "FP8"})
  @Tag("gpu")
  void givesTheBitsOfResidentOnGpus(Precision precision) throws Exception {
    int gpus = DeviceList.of("cuda", Precision.BF16, Precision.BF16).size();
    assumeThat(gpus).as("this test needs two GPUs").isGreaterThan(1);
    Resident expected = Resident.render(config("resident", "cuda:0", precision, 1), gpus);
    requireSameBits(expected, config("sharded", "cuda", precision, gpus));
  }

  private static void requireSameBits(Resident expected, EngineConfig several) throws Exception {
    try (OpenEngine engines = open(several)) {
      Rendered.requireSameBits(engines, expected.takes().subList(0, several.lanes()));
      if (engines.parts().size() > 1) {
        assertThat(engines.parts())
            .allSatisfy(
                part -> assertThat(part.memory().weightBytes()).isLessThan(expected.weightBytes()));
      }
    }
  }

  @Test
  void theFirstDeviceEncodesForAll() {
    try (OpenEngine engines = open(config("sharded", "cpu:0,cpu:1", Precision.FP32, 2));
        TakeSession other = engines.open(onCpu.takes().get(0).spec())) {
      assertThat(Rendered.encode(engines)).usingRecursiveComparison().isEqualTo(onCpu.encoded());
      assertThat(other.frames()).isZero();
    }
  }

  @Test
  void refusesADeviceWithoutALane() {
    assertThatThrownBy(() -> open(config("sharded", "cpu:0,cpu:1", Precision.FP32, 1)))
        .isInstanceOfSatisfying(
            LongtakeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
        .hasMessageContaining("2 devices need 2 lanes");
  }

  private static OpenEngine open(EngineConfig config) {
    return Engines.open(config, ModelSource.of(Checkpoint.open(CHECKPOINT), "demo"));
  }

  private static EngineConfig config(
      String strategy, String devices, Precision precision, int lanes) {
    return new EngineConfig(
        CHECKPOINT.toString(),
        devices,
        strategy,
        precision,
        64,
        64,
        24,
        2,
        lanes,
        2,
        Long.MAX_VALUE);
  }
}
