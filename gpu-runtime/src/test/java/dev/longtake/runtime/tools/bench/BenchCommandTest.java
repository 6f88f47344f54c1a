package dev.longtake.runtime.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class BenchCommandTest {
  private static final String SMALL = "--shape=src/test/resources/golden/small/ckpt";

  @TempDir Path temp;

  @Test
  void reportsWhereTheTimeWentAndWritesTheFigures() throws IOException {
    Path json = temp.resolve("bench.json");

    String text = run(SMALL, "--size=64*128", "--seconds=1", "--inferFrames=24", "--json=" + json);

    assertThat(text).contains("64x128").contains("denoise").contains("25 frames:");
    JsonNode record = new ObjectMapper().readTree(json.toFile());
    assertThat(record.path("size").asText()).isEqualTo("64*128");
    assertThat(record.path("strategy").asText()).isEqualTo("resident");
    assertThat(record.path("command").asText()).contains("--inferFrames=24");
    assertThat(record.path("e2e_fps").asDouble()).isPositive();
    assertThat(record.path("dit_fps").asDouble()).isGreaterThan(record.path("e2e_fps").asDouble());
    assertThat(record.path("forward_ms_median").asDouble())
        .isGreaterThanOrEqualTo(record.path("forward_ms_min").asDouble());
  }

  @Test
  void countsTheFramesOfAllLanes() throws IOException {
    Path json = temp.resolve("bench.json");

    String text =
        run(
            SMALL,
            "--size=64*128",
            "--seconds=1",
            "--inferFrames=12",
            "--strategy=offload",
            "--vramLimit=1GiB",
            "--lanes=2",
            "--json=" + json);

    assertThat(text).contains("offload, fp32, 2 lanes").contains("50 frames:");
    JsonNode record = new ObjectMapper().readTree(json.toFile());
    assertThat(record.path("lanes").asInt()).isEqualTo(2);
    assertThat(record.path("vram_limit_bytes").asLong()).isEqualTo(1L << 30);
    assertThat(record.path("planned_host_bytes").isNumber()).isTrue();
    assertThat(record.path("dit_fps").asDouble()).isPositive();
  }

  @Test
  void comparesTwoDevicesWithOne() throws IOException {
    Path json = temp.resolve("bench.json");

    String text =
        run(
            SMALL,
            "--size=64*128",
            "--seconds=1",
            "--inferFrames=12",
            "--device=cpu:0,cpu:1",
            "--lanes=2",
            "--against=resident",
            "--json=" + json);

    assertThat(text).contains("50 frames:").contains("of one resident engine:");
    JsonNode record = new ObjectMapper().readTree(json.toFile());
    double speedup = record.path("speedup_vs_resident").asDouble();
    assertThat(speedup)
        .isEqualTo(
            record.path("take_fps").asDouble() / record.path("resident_take_fps").asDouble());
    assertThat(record.path("share_of_two_residents").isNull()).isTrue();
    assertThat(record.path("planned_peak_bytes_each")).hasSize(2);
  }

  @Test
  void comparesLanesOverDevicesWithAnEngineOnEachOfThem() throws IOException {
    Path json = temp.resolve("bench.json");

    run(
        SMALL,
        "--size=64*128",
        "--seconds=1",
        "--inferFrames=12",
        "--device=cpu:0,cpu:1",
        "--strategy=offload",
        "--lanes=2",
        "--against=resident",
        "--json=" + json);

    JsonNode record = new ObjectMapper().readTree(json.toFile());
    assertThat(record.path("share_of_two_residents").asDouble()).isPositive();
    assertThat(record.path("speedup_vs_resident").isNull()).isTrue();
  }

  @Test
  void refusesToCompareWithAnythingElse() {
    assertThatThrownBy(() -> run(SMALL, "--size=64*128", "--against=offload"))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("--against=offload")
        .hasMessageContaining("Choose resident");
  }

  @Test
  void asksForTheSizeThatTheCheckpointDoesNotName() {
    assertThatThrownBy(() -> run(SMALL))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("--size=W*H");
  }

  @Test
  void namesMissingCheckpoint() {
    assertThatThrownBy(() -> run("--shape=" + temp.resolve("nowhere")))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("nowhere")
        .hasMessageContaining("--shape");
  }

  private static String run(String... arguments) {
    StringWriter out = new StringWriter();
    BenchCommand bench = new BenchCommand();
    CommandLine command = new CommandLine(bench).setOut(new PrintWriter(out));
    command.setCaseInsensitiveEnumValuesAllowed(true);
    command.parseArgs(arguments);
    try {
      assertThat(bench.call()).isZero();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString();
  }
}
