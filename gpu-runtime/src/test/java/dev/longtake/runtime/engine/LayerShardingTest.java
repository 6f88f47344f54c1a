package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.DeviceList;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** However layers are divided among devices, the bits are those of {@code resident}. */
class LayerShardingTest {
  private static final Path CHECKPOINT = Path.of("../examples/demo/checkpoint");
  private static final int CLIPS = 2; // the second one fills the condition caches again
  private static final int BLOCKS = 4;

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "2, 3", "3, 3", "4, 4", "5, 5"})
  void givesTheBitsOfResident(int devices, int lanes) throws Exception {
    String names =
        IntStream.range(0, devices).mapToObj("cpu:%d"::formatted).collect(Collectors.joining(","));
    EngineConfig one = config("resident", "cpu", Precision.FP32, 1);
    requireSameBits(one, config("sharded", names, Precision.FP32, lanes));
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"BF16", "FP8"})
  @Tag("gpu")
  void givesTheBitsOfResidentOnGpus(Precision precision) throws Exception {
    int gpus = DeviceList.of("cuda", Precision.BF16, Precision.BF16).size();
    assumeThat(gpus).as("this test needs two GPUs").isGreaterThan(1);
    EngineConfig one = config("resident", "cuda:0", precision, 1);
    requireSameBits(one, config("sharded", "cuda", precision, gpus));
  }

  private static void requireSameBits(EngineConfig one, EngineConfig several) throws Exception {
    List<Rendered> expected = new ArrayList<>();
    long wholeBytes;
    try (OpenEngine engine = open(one)) {
      wholeBytes = engine.parts().get(0).memory().weightBytes();
      for (int take = 0; take < several.lanes(); take++) {
        expected.add(Rendered.take(engine, take, CLIPS));
      }
    }
    ExecutorService threads = Executors.newFixedThreadPool(several.lanes());
    try (OpenEngine engines = open(several)) {
      List<Future<Rendered>> takes = new ArrayList<>();
      for (int i = 0; i < several.lanes(); i++) {
        int take = i;
        takes.add(threads.submit(() -> Rendered.take(engines, take, CLIPS)));
      }
      for (int take = 0; take < several.lanes(); take++) {
        Rendered actual = takes.get(take).get();
        assertThat(actual.latents(BLOCKS)).isEqualTo(expected.get(take).latents(BLOCKS));
        assertThat(actual.pixels()).isEqualTo(expected.get(take).pixels());
      }
      if (engines.parts().size() > 1) {
        assertThat(engines.parts())
            .allSatisfy(part -> assertThat(part.memory().weightBytes()).isLessThan(wholeBytes));
      }
    } finally {
      threads.shutdownNow();
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
        4,
        lanes,
        2,
        Long.MAX_VALUE);
  }
}
