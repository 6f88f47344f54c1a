package dev.longtake.transforms;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.pipeline.assembly.PipelineAssembler;
import dev.longtake.pipeline.assembly.PipelineSpec;
import dev.longtake.pipeline.assembly.RunCounts;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.testing.FakeGcsServer;
import dev.longtake.pipeline.testing.FaultPlan;
import dev.longtake.runtime.testing.FakeEngineProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run whose manifest, pictures, speech, work store and output all are in a bucket, of a server
 * over HTTP that fails one call in twenty.
 */
class CloudRenderTest {
  private static final String[] OPTIONS = {
    "--manifest=gs://inputs/talks/manifest.jsonl",
    "--output=gs://videos/finished",
    "--workDir=gs://work/longtake",
    "--takeSeconds=2",
    "--takePlanner=fixed"
  };

  @TempDir private Path root;

  @Test
  void rendersTheSameVideosFromAndToABucketThatFails() throws IOException {
    FakeEngineProvider engines = new FakeEngineProvider();
    Workshop workshop = Workshop.of(root, engines).picture().voice("a", 5, 150).voice("b", 3, 220);
    workshop.manifest(
        List.of(Workshop.request("a"), Workshop.request("b"), Workshop.request("none")));
    workshop.run("--takeSeconds=2", "--takePlanner=fixed");
    int takes = engines.takes().size();

    long seed = System.nanoTime();
    System.out.printf("storage faults of a run: seed %d%n", seed);
    try (FakeGcsServer server = FakeGcsServer.start()) {
      for (String name : new String[] {"manifest.jsonl", "a.wav", "b.wav", Workshop.PICTURE}) {
        server.objects().put("inputs/talks/" + name, Files.readAllBytes(root.resolve(name)));
      }
      server.inject(FaultPlan.random(seed, 0.05, FaultPlan.PASSING));

      RunCounts counts = run(workshop);

      assertThat(counts).as("seed %d", seed).isEqualTo(new RunCounts(2, 1));
      for (String id : new String[] {"a", "b"}) {
        String name = "videos/finished/" + id + ".mp4";
        assertThat(server.objects().find(name).orElseThrow().bytes())
            .as("%s, seed %d", id, seed)
            .isEqualTo(Files.readAllBytes(workshop.video(id)));
        assertThat(server.objects().timesWritten(name)).as("%s, seed %d", id, seed).isEqualTo(1);
      }
      assertThat(server.objects().below("videos/finished/"))
          .containsExactlyInAnyOrder(
              "a.mp4", "b.mp4", "results.jsonl", "dead-letter.jsonl", "report.html");
      assertThat(new String(bytes(server, "videos/finished/dead-letter.jsonl"), UTF_8))
          .contains("FILE_NOT_FOUND", "gs://inputs/talks/none.wav");
      assertThat(engines.takes()).hasSize(2 * takes);
      System.out.printf(
          "storage faults of a run: %s in %d calls%n", server.injected(), server.calls());
      assertThat(server.injected()).as("seed %d", seed).isNotEmpty();

      assertThat(run(workshop)).as("once more, seed %d", seed).isEqualTo(new RunCounts(2, 1));

      assertThat(engines.takes()).as("nothing is rendered twice").hasSize(2 * takes);
      assertThat(server.refused()).isZero();
    }
  }

  private static byte[] bytes(FakeGcsServer server, String name) {
    return server.objects().find(name).orElseThrow().bytes();
  }

  private static RunCounts run(Workshop workshop) {
    LongtakeOptions options = workshop.options(OPTIONS);
    Pipeline pipeline = Pipeline.create(options);
    new PipelineAssembler(workshop.registry()).assemble(pipeline, PipelineSpec.from(options));
    PipelineResult result = pipeline.run();
    assertThat(result.waitUntilFinish()).isEqualTo(PipelineResult.State.DONE);
    return RunCounts.of(result);
  }
}
