package dev.longtake.pipeline.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.pipeline.element.Elements;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.runners.TransformHierarchy;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.testing.TestPipelineExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestPipelineExtension.class)
class PipelineAssemblerTest {
  private static final PipelineSpec SPEC =
      new PipelineSpec("ids", "halves", "paper", List.of(), "files");

  @TempDir private Path output;

  @Test
  void givesTheSinkEveryVideoAndTheFailuresOfEveryStage(TestPipeline pipeline) throws IOException {
    Outcome<RenderedVideo> finished =
        assemble(pipeline, SPEC, "a,b,no-read,no-prepare,no-render,no-stitch");

    PAssert.that(finished.succeeded()).containsInAnyOrder(video("a"), video("b"));
    PAssert.that(finished.failed())
        .containsInAnyOrder(
            TestPlugins.failure("no-read", "read"),
            TestPlugins.failure("no-prepare", "prepare"),
            TestPlugins.failure("no-render", "render"),
            TestPlugins.failure("no-stitch", "stitch"));
    pipeline.run().waitUntilFinish();
    assertThat(writtenBySink())
        .containsExactlyInAnyOrder(
            "done-a",
            "done-b",
            "failed-no-read",
            "failed-no-prepare",
            "failed-no-render",
            "failed-no-stitch");
  }

  @Test
  void appliesPostProcessorsInTheOrderGiven(TestPipeline pipeline) throws IOException {
    PipelineSpec spec =
        new PipelineSpec("ids", "halves", "paper", List.of("stamp-b", "stamp-a"), "files");

    Outcome<RenderedVideo> finished = assemble(pipeline, spec, "x,not-stamp-a,not-stamp-b");

    PAssert.that(finished.succeeded())
        .containsInAnyOrder(
            video("x").toBuilder().setLocation("/out/x.mp4+stamp-b+stamp-a").build());
    PAssert.that(finished.failed())
        .containsInAnyOrder(
            TestPlugins.failure("not-stamp-a", "stamp-a"),
            TestPlugins.failure("not-stamp-b", "stamp-b"));
    pipeline.run().waitUntilFinish();
    assertThat(writtenBySink())
        .containsExactlyInAnyOrder("done-x", "failed-not-stamp-a", "failed-not-stamp-b");
  }

  @Test
  void givesAnEmptyOutcomeWhenEveryRequestFails(TestPipeline pipeline) throws IOException {
    Outcome<RenderedVideo> finished = assemble(pipeline, SPEC, "no-prepare");

    PAssert.that(finished.succeeded()).empty();
    pipeline.run().waitUntilFinish();
    assertThat(writtenBySink()).containsExactly("failed-no-prepare");
  }

  @Test
  void namesStagesAfterWhatTheyDoAndOptionsChoosePlugins() {
    LongtakeOptions options =
        PipelineOptionsFactory.fromArgs(
                "--manifest=a",
                "--output=" + output,
                "--source=ids",
                "--takePlanner=halves",
                "--renderer=paper",
                "--postProcessors=stamp-a",
                "--sink=files")
            .withValidation()
            .as(LongtakeOptions.class);
    Pipeline pipeline = Pipeline.create(options);

    assembler().assemble(pipeline, PipelineSpec.from(options));

    StageNames names = new StageNames();
    pipeline.traverseTopologically(names);
    assertThat(names.topLevel)
        .containsExactly(
            "Source",
            "SpreadRequests",
            "Prepare",
            "Split",
            "Render",
            "Stitch",
            "PostProcess-stamp-a",
            "Failed",
            "CountVideos",
            "CountFailures",
            "Sink");
  }

  @Test
  void addsNothingIfAPluginIsMissing() {
    Pipeline pipeline = Pipeline.create();
    PipelineSpec spec = new PipelineSpec("ids", "halves", "paper", List.of(), "database");

    assertThatThrownBy(() -> assembler().assemble(pipeline, spec))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("No video sink is named 'database'. On the class path: [files].");

    StageNames names = new StageNames();
    pipeline.traverseTopologically(names);
    assertThat(names.topLevel).isEmpty();
  }

  @Test
  void refusesAPostProcessorTwice() {
    assertThatThrownBy(
            () -> new PipelineSpec("ids", "halves", "paper", List.of("x", "y", "x"), "files"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[x, y, x]");
  }

  private Outcome<RenderedVideo> assemble(TestPipeline pipeline, PipelineSpec spec, String ids) {
    LongtakeOptions options = pipeline.getOptions().as(LongtakeOptions.class);
    options.setManifest(ids);
    options.setOutput(output.toString());
    return assembler().assemble(pipeline, spec);
  }

  private static PipelineAssembler assembler() {
    return new PipelineAssembler(PluginRegistry.of(List.of(TestPlugins.complete())));
  }

  /** Two clips, of the two takes that the planner made. */
  private static RenderedVideo video(String id) {
    return Elements.video(id).toBuilder().setFrames(TestPlugins.FRAMES).setClips(2).build();
  }

  private List<String> writtenBySink() throws IOException {
    try (var files = Files.list(output)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private static final class StageNames extends Pipeline.PipelineVisitor.Defaults {
    private final List<String> topLevel = new ArrayList<>();

    @Override
    public CompositeBehavior enterCompositeTransform(TransformHierarchy.Node node) {
      if (node.isRootNode()) {
        return CompositeBehavior.ENTER_TRANSFORM;
      }
      topLevel.add(node.getFullName());
      return CompositeBehavior.DO_NOT_ENTER_TRANSFORM;
    }

    @Override
    public void visitPrimitiveTransform(TransformHierarchy.Node node) {
      topLevel.add(node.getFullName());
    }
  }
}
