package dev.longtake.transforms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.transforms.settings.EngineSource;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cannot fit is refused at once: with the real engine's plans, and no engine opened. */
class FitCheckTest {
  private static final String CHECKPOINT = "../gpu-runtime/src/test/resources/golden/small/ckpt";
  private static final Duration AT_ONCE = Duration.ofSeconds(1);

  @TempDir private Path root;

  @Test
  void refusesInLessThanASecondWithTheNumbersAndWhatWouldFit() throws IOException {
    assertThatThrownBy(() -> check("{\"id\": \"a\"}", "--vramLimit=1MiB"))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PLAN_DOES_NOT_FIT))
        .hasMessageContaining("Strategy 'offload' needs ")
        .hasMessageContaining("but the budget is ")
        .hasMessageContaining("The least for this size is strategy offload with 1 lane in ");

    long started = processorNanos(); // without the first time's loading of classes
    assertThatThrownBy(() -> check("{\"id\": \"a\"}", "--vramLimit=1MiB"))
        .isInstanceOf(LongtakeException.class);
    assertThat(Duration.ofNanos(processorNanos() - started)).isLessThan(AT_ONCE);
    assertThat(root.resolve("out")).doesNotExist();
  }

  @Test
  void refusesTeamsAndDeclaredDevicesToo() {
    assertThatThrownBy(
            () ->
                check(
                    "{\"id\": \"a\"}",
                    "--strategy=tpp",
                    "--cpuDevices=2x1MiB",
                    "--leaseDir=" + root.resolve("leases")))
        .hasMessageContaining("Strategy 'tpp' needs on cpu");
    assertThatThrownBy(
            () ->
                check(
                    "{\"id\": \"a\"}",
                    "--strategy=sharded",
                    "--ulyssesSize=2",
                    "--cpuDevices=2x1MiB",
                    "--leaseDir=" + root.resolve("leases")))
        .hasMessageContaining("Strategy 'sharded' needs ");
  }

  @Test
  void leavesToTheEngineWhatItCannotKnow() {
    assertThatCode(() -> check("{\"id\": \"a\", \"size\": \"64*64\"}", "--vramLimit=1MiB"))
        .doesNotThrowAnyException();
    assertThatCode(() -> check("{}", "--vramLimit=1MiB", "--workersElsewhere=true"))
        .doesNotThrowAnyException();
    assertThatCode(() -> check("{}", "--vramLimit=1MiB", "--manifest=gs://bucket/talks.jsonl"))
        .doesNotThrowAnyException();
  }

  /** Returns the time of this thread alone: how busy the machine is else does not count. */
  private static long processorNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private void check(String manifest, String... more) throws IOException {
    Path file = Files.writeString(root.resolve("talks.jsonl"), manifest);
    LongtakeOptions options = PipelineOptionsFactory.fromArgs(more).as(LongtakeOptions.class);
    if (options.getManifest() == null) {
      options.setManifest(file.toString());
    }
    options.setOutput(root.resolve("out").toString());
    options.setCheckpoint(CHECKPOINT);
    options.setDevice("cpu");
    options.setSize("64*64");
    new LiveAvatarRendererFactory(EngineSource.ON_CLASS_PATH).requireFits(options);
  }
}
