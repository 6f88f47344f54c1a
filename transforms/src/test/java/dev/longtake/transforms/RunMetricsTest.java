package dev.longtake.transforms;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Joiner;
import dev.longtake.pipeline.assembly.PipelineAssembler;
import dev.longtake.pipeline.assembly.PipelineSpec;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.RunMetric;
import dev.longtake.pipeline.testing.FakeGcsServer;
import dev.longtake.pipeline.testing.Fault;
import dev.longtake.pipeline.testing.FaultPlan;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.transforms.settings.EngineSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricQueryResults;
import org.apache.beam.sdk.metrics.MetricResult;
import org.apache.beam.sdk.metrics.MetricsFilter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run counts, and what the dashboard of the documentation asks for. */
class RunMetricsTest {
  private static final Path DASHBOARD = Path.of("..", "docs", "grafana-dashboard.json");
  private static final String[] TWO_TAKES = {"--takeSeconds=2", "--takePlanner=fixed"};

  @TempDir private Path root;

  @Test
  void aRunCountsWhatItDoes() throws IOException {
    FakeEngineProvider engines = new FakeEngineProvider();
    Workshop workshop = Workshop.of(root, engines).picture().voice("a", 4, 150);
    workshop.manifest(List.of(Workshop.request("a"), Workshop.request("none")));

    Map<String, Long> first = counters(metrics(workshop, TWO_TAKES));
    Map<String, Long> again = counters(metrics(workshop, TWO_TAKES));

    assertThat(first)
        .containsEntry("videosFinished", 1L)
        .containsEntry("requestsFailed", 1L)
        .containsEntry("clipsRendered", 4L)
        .containsEntry("framesRendered", 100L)
        .containsEntry("videoMillisRendered", 4000L)
        .containsEntry("bytesCommitted", bytes(workshop))
        .containsEntry("takesRendered_" + strategy(workshop), 2L)
        .containsEntry("bytesCopied", 0L)
        .doesNotContainKey("clipsReused")
        .doesNotContainKey("deviceFaults")
        .containsKey("renderMillis");
    assertThat(again)
        .containsEntry("videosFinished", 1L)
        .containsEntry("clipsReused", 4L)
        .doesNotContainKey("clipsRendered");
    for (String name : first.keySet()) {
      assertThat(name).matches(Joiner.on(".*|").join(names()) + ".*");
    }
  }

  @Test
  void aRunCountsWhatItDoesAgain() throws IOException {
    FakeEngineProvider engines = new FakeEngineProvider();
    Workshop workshop = Workshop.of(root, engines).picture().voice("a", 4, 150).requests("a");
    engines.failAtClip(
        2, () -> new LongtakeException(ErrorCode.DEVICE_FAULT, "the GPU reported Xid 79"));

    try (FakeGcsServer server = FakeGcsServer.start()) {
      server.inject(
          FaultPlan.next(Fault.UNAVAILABLE, Fault.INTERNAL_ERROR, Fault.TOO_MANY_REQUESTS));
      Map<String, Long> counted =
          counters(
              metrics(
                  workshop,
                  "--workDir=gs://a-bucket/work",
                  "--cpuDevices=2x1GiB",
                  "--leaseDir=" + root.resolve("leases")));

      assertThat(server.injected()).hasSize(3);
      assertThat(counted)
          .containsEntry("retries_storage", 3L)
          .containsEntry("retries_device", 1L)
          .containsEntry("deviceFaults", 1L);
    }
  }

  @Test
  void aRunSaysHowMuchOfADeviceItUses() throws IOException {
    Workshop workshop = new Workshop(root, EngineSource.ON_CLASS_PATH).picture();
    workshop.voice("a", 1, 150).requests("a");

    MetricQueryResults metrics =
        metrics(
            workshop,
            "--checkpoint=../gpu-runtime/src/test/resources/golden/small/ckpt",
            "--size=64*64",
            "--strategy=offload",
            "--vramLimit=1GiB");

    assertThat(metrics.getGauges())
        .singleElement()
        .satisfies(
            gauge -> {
              assertThat(gauge.getName().getName()).isEqualTo("devicePeakBytes");
              assertThat(gauge.getAttempted().getValue()).isBetween(10L << 20, 1L << 30);
            });
    assertThat(counters(metrics)).containsKey("bytesCopied");
  }

  @Test
  void theDashboardAsksForAllOfThemAndNoOthers() throws IOException {
    Matcher asked =
        Pattern.compile("flink_taskmanager_longtake_([A-Za-z0-9]+)")
            .matcher(Files.readString(DASHBOARD));
    Set<String> names = new TreeSet<>();
    while (asked.find()) {
      names.add(asked.group(1));
    }

    assertThat(names).containsExactlyInAnyOrderElementsOf(names());
  }

  private static List<String> names() {
    return Arrays.stream(RunMetric.values()).map(RunMetric::text).toList();
  }

  private static MetricQueryResults metrics(Workshop workshop, String... arguments) {
    LongtakeOptions options = workshop.options(arguments);
    Pipeline pipeline = Pipeline.create(options);
    new PipelineAssembler(workshop.registry()).assemble(pipeline, PipelineSpec.from(options));
    PipelineResult run = pipeline.run();
    assertThat(run.waitUntilFinish()).isEqualTo(PipelineResult.State.DONE);
    MetricsFilter ours =
        MetricsFilter.builder()
            .addNameFilter(MetricNameFilter.inNamespace(RunMetric.NAMESPACE))
            .build();
    return run.metrics().queryMetrics(ours);
  }

  private static Map<String, Long> counters(MetricQueryResults metrics) {
    Map<String, Long> counters = new TreeMap<>();
    for (MetricResult<Long> counter : metrics.getCounters()) {
      counters.merge(counter.getName().getName(), counter.getAttempted(), Long::sum);
    }
    return counters;
  }

  private static long bytes(Workshop workshop) throws IOException {
    long bytes = 0;
    for (Path fragment : workshop.stored("clip-")) {
      if (fragment.toString().endsWith(".mp4")) {
        bytes += Files.size(fragment);
      }
    }
    return bytes;
  }

  private static String strategy(Workshop workshop) throws IOException {
    String results = Files.readString(workshop.output().resolve("results.jsonl"));
    Matcher strategy = Pattern.compile("\"strategy\" ?: ?\"([^\"]+)\"").matcher(results);
    assertThat(strategy.find()).as(results).isTrue();
    return strategy.group(1);
  }
}
