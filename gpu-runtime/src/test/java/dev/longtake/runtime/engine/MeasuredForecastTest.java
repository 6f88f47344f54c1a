package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.PaperGpu;
import dev.longtake.runtime.engine.forecast.DeviceSpeed;
import dev.longtake.runtime.engine.forecast.KnownGpu;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Forecasts against every record of one H200. */
class MeasuredForecastTest {
  private static final Path RECORDS = Path.of("..", "docs", "benchmarks");
  private static final long HOST_BYTES = 512L << 30;

  // The largest deviations are 3.8 % and 4.0 %.
  private static final Percentage TOLERANCE = Percentage.withPercentage(5);

  static List<Path> records() throws IOException {
    try (Stream<Path> files = Files.list(RECORDS)) {
      return files
          .filter(file -> file.getFileName().toString().matches("h200-(resident|offload)-.*json"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("records")
  void followsFromTheSpeedsThatTheSameRunMeasured(Path file) throws IOException {
    JsonNode record = new ObjectMapper().readTree(file.toFile());
    DeviceSpeed known = KnownGpu.H200.speed();
    double gemm = record.get("gemm_tflops_ceiling").doubleValue();
    double attention = record.get("attention_tflops_ceiling").doubleValue();
    DeviceSpeed measured =
        new DeviceSpeed(
            gemm,
            gemm,
            attention,
            attention,
            known.convolutionTflops(),
            record.get("copy_gbps_ceiling").doubleValue(),
            known.hostGbps(),
            known.peerGbps(),
            true,
            "the record's own");

    assertThat(forecast(record, measured))
        .isCloseTo(record.get("dit_fps").doubleValue(), TOLERANCE);
  }

  @ParameterizedTest
  @MethodSource("records")
  void followsFromTheNameAlone(Path file) throws IOException {
    JsonNode record = new ObjectMapper().readTree(file.toFile());
    KnownGpu gpu = KnownGpu.calledByDriver(record.get("device").textValue()).orElseThrow();

    assertThat(forecast(record, gpu.speed()))
        .isCloseTo(record.get("dit_fps").doubleValue(), TOLERANCE);
  }

  private static double forecast(JsonNode record, DeviceSpeed speed) {
    PaperGpu gpu =
        new PaperGpu(
            "H200",
            precision(record, "precision"),
            precision(record, "kv_precision"),
            KnownGpu.H200.memoryBytes(),
            HOST_BYTES,
            speed);
    RandomModel model = RandomModel.ofOfficialShape(1);
    EnginePlanner planner = new EnginePlanner(model.shape(400, 720, 48, 4), model, gpu);
    ExecutionStrategy strategy = ExecutionStrategies.named(record.get("strategy").textValue());
    long limit = record.get("vram_limit_bytes").asLong(Long.MAX_VALUE);
    int lanes = record.get("lanes").intValue();
    EnginePlan plan = planner.plan(strategy, lanes, limit, HOST_BYTES);
    // Records may be older than what made plans smaller since: as much has to move as did then.
    while (plan.memory().hostBytes() < record.get("planned_host_bytes").longValue()) {
      plan = planner.plan(strategy, lanes, plan.memory().totalBytes() - 1, HOST_BYTES);
    }
    return planner.forecast(strategy, plan, speed).denoiseFps();
  }

  private static Precision precision(JsonNode record, String key) {
    return Precision.valueOf(record.get(key).textValue().toUpperCase(Locale.ROOT));
  }
}
