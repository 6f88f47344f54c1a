package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.GpuTeam;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * However a frame block's forwards are dealt to devices, the bits are those of {@code resident}.
 */
class PipelineTest {
  private static final Path CHECKPOINT = Path.of("../examples/demo/checkpoint");
  private static final int CLIPS = 2; // the second one fills the condition caches again
  private static final int BLOCKS = 4;

  private static Rendered expected;
  private static long wholeBytes;

  @BeforeAll
  static void renderOnOneDevice() {
    try (OpenEngine engine = open(config("resident", 1))) {
      wholeBytes = engine.parts().get(0).memory().totalBytes();
      expected = Rendered.take(engine, 1, CLIPS);
    }
  }

  // Stages of less and of more than all layers, that begin and end within steps or between them.
  @ParameterizedTest(name = "{0} devices, {1} denoise, a device for the VAE: {2}")
  @CsvSource({
    "1, 1, false",
    "2, 1, true",
    "2, 2, false",
    "3, 2, true",
    "3, 3, false",
    "5, 4, true",
    "5, 5, false",
  })
  void givesTheBitsOfResident(int devices, int stages, boolean enableVaeParallel) {
    GpuTeam team = new GpuTeam(stages, enableVaeParallel, 1);
    try (OpenEngine engine = open(config("tpp", devices).withTeam(team))) {
      assertThat(engine.parts()).hasSize(devices);
      requireSameBits(Rendered.take(engine, 1, CLIPS));
      if (devices > 1) {
        assertThat(engine.parts())
            .allSatisfy(part -> assertThat(part.memory().totalBytes()).isLessThan(wholeBytes));
      }
    }
  }

  private static void requireSameBits(Rendered actual) {
    assertThat(actual.latents(BLOCKS)).isEqualTo(expected.latents(BLOCKS));
    assertThat(actual.pixels()).isEqualTo(expected.pixels());
  }

  private static OpenEngine open(EngineConfig config) {
    return Engines.open(config, ModelSource.of(Checkpoint.open(CHECKPOINT), "demo"));
  }

  private static EngineConfig config(String strategy, int devices) {
    String names =
        IntStream.range(0, devices).mapToObj("cpu:%d"::formatted).collect(Collectors.joining(","));
    return new EngineConfig(
        CHECKPOINT.toString(),
        names,
        strategy,
        Precision.FP32,
        64,
        64,
        24,
        4,
        1,
        2,
        Long.MAX_VALUE);
  }
}
