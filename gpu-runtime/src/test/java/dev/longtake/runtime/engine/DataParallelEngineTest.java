package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Takes that are dealt to several engines come out as from one. */
class DataParallelEngineTest {
  private static final Path CHECKPOINT = Path.of("../examples/demo/checkpoint");
  private static final int CLIPS = 1;

  @ParameterizedTest
  @CsvSource({
    "resident, 'cpu:0,cpu:1', 3",
    "offload, 'cpu:0,cpu:1', 2",
    "auto, 'cpu:0,cpu:1', 2",
  })
  void givesTheBitsOfOneEngine(String strategy, String devices, int lanes) throws Exception {
    try (OpenEngine one = open(config("resident", "cpu", 1));
        OpenEngine engines = open(config(strategy, devices, lanes))) {
      Rendered.requireSameBits(engines, Rendered.takes(one, lanes, CLIPS));
    }
  }

  @Test
  void dealsLanesEvenly() {
    try (OpenEngine engines = open(config("resident", "cpu:0,cpu:1", 3))) {
      assertThat(engines.parts()).extracting(part -> part.memory().lanes()).containsExactly(2, 1);
      Rendered first = Rendered.take(engines, 0, 1);
      try (TakeSession busy = engines.open(Rendered.spec(engines.shape(), 1))) {
        assertThat(busy.frames()).isZero();
        assertThatThrownBy(engines::close).isInstanceOf(IllegalStateException.class);
      }
      assertThat(first.latents()).hasNumberOfRows(2);
    }
  }

  @Test
  void refusesADeviceWithoutALane() {
    assertThatThrownBy(() -> open(config("resident", "cpu:0,cpu:1", 1)))
        .isInstanceOfSatisfying(
            LongtakeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
        .hasMessageContaining("2 devices need 2 lanes")
        .hasMessageContaining("choose strategy tpp");
  }

  private static OpenEngine open(EngineConfig config) {
    return Engines.open(config, ModelSource.of(Checkpoint.open(CHECKPOINT), "demo"));
  }

  private static EngineConfig config(String strategy, String devices, int lanes) {
    return new EngineConfig(
        CHECKPOINT.toString(),
        devices,
        strategy,
        Precision.FP32,
        64,
        64,
        24,
        4,
        lanes,
        2,
        Long.MAX_VALUE);
  }
}
