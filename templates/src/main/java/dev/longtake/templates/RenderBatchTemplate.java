package dev.longtake.templates;

import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.assembly.PipelineAssembler;
import dev.longtake.pipeline.assembly.PipelineSpec;
import dev.longtake.pipeline.assembly.PluginRegistry;
import dev.longtake.pipeline.assembly.RunCounts;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.Console;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.pipeline.spi.VideoSinkFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * The batch pipeline: options choose plugins, plugins make the pipeline, a runner runs it, and the
 * sink's watch follows it.
 */
final class RenderBatchTemplate {
  private static final String DIRECT_RUNNER = "DirectRunner";
  private static final Map<String, String> DIRECT_DEFAULTS =
      Map.of(
          "--blockOnRun", "false",
          "--enforceImmutability", "false", // these two are checks for who develops plugins
          "--enforceEncodability", "false");
  private static final int FEWEST_THREADS = 2; // stitching need not wait for rendering

  private final PluginRegistry registry;

  /** Creates a template that chooses from {@code registry}. */
  RenderBatchTemplate(PluginRegistry registry) {
    this.registry = requireNonNull(registry, "registry");
  }

  /**
   * Returns the options that {@code arguments} say, each {@code --name=value}; for the DirectRunner
   * and the FlinkRunner with what suits them here, unless they say otherwise.
   *
   * @throws IllegalArgumentException if Beam refuses one, or a Flink cluster is named that does not
   *     answer or has no worker
   */
  static LongtakeOptions parse(List<String> arguments) {
    LongtakeOptions options =
        PipelineOptionsFactory.fromArgs(withDefaults(arguments).toArray(String[]::new))
            .withValidation()
            .as(LongtakeOptions.class);
    if (FlinkDefaults.isFor(options)) {
      FlinkDefaults.complete(options);
    }
    return options;
  }

  private static List<String> withDefaults(List<String> arguments) {
    Map<String, String> given = new LinkedHashMap<>();
    for (String argument : arguments) {
      String[] parts = argument.split("=", 2);
      given.put(parts[0], parts.length == 2 ? parts[1] : "true");
    }
    List<String> all = new ArrayList<>(arguments);
    if (isDirect(given.get("--runner"))) {
      DIRECT_DEFAULTS.forEach(
          (name, value) -> {
            if (!given.containsKey(name)) {
              all.add(name + "=" + value);
            }
          });
    }
    return all;
  }

  /**
   * Gives a pipeline that runs in this process as many threads as there can be takes at once, since
   * more would have nothing to do and fewer would leave devices idle.
   *
   * @throws IllegalArgumentException if there is no such renderer, or it refuses an option
   */
  void setThreads(LongtakeOptions options) {
    int takes = registry.renderer(options.getRenderer()).takesAtOnce(options);
    options.as(DirectOptions.class).setTargetParallelism(Math.max(FEWEST_THREADS, takes));
  }

  /** Returns whether a pipeline with these options runs in this process. */
  static boolean isDirect(LongtakeOptions options) {
    return isDirect(options.getRunner().getSimpleName());
  }

  private static boolean isDirect(String runner) {
    return runner == null || runner.equals(DIRECT_RUNNER) || runner.endsWith("." + DIRECT_RUNNER);
  }

  /**
   * Renders what {@code options} describe and waits for its end.
   *
   * @param options their {@code runId} is set to a new one
   * @return what became of the requests
   * @throws IllegalArgumentException if a plugin is unknown or refuses an option; nothing has run.
   *     Whatever else is thrown while building the pipeline comes as it is.
   * @throws RunFailedException if the pipeline has started and failed
   */
  RunCounts render(LongtakeOptions options, Console console) throws RunFailedException {
    PipelineSpec spec = PipelineSpec.from(options);
    VideoSinkFactory sink = registry.videoSink(spec.sink());
    options.setRunId(UUID.randomUUID().toString());
    try (GuardedWatch watch =
        GuardedWatch.open(() -> sink.watch(options, console), console.isTerminal())) {
      Pipeline pipeline = Pipeline.create(options);
      Outcome<RenderedVideo> finished = new PipelineAssembler(registry).assemble(pipeline, spec);
      RunCounts counts = RunCounts.of(isDirect(options) ? runHere(finished) : run(pipeline));
      watch.finished();
      if (FlinkDefaults.isRemote(options)) {
        // The summary is made by a worker, which cannot write here.
        console
            .out()
            .printf(
                "%d videos done, %d failures. Results: %s/results.jsonl%n",
                counts.videos(), counts.failures(), options.getOutput());
      }
      return counts;
    }
  }

  private static PipelineResult runHere(Outcome<RenderedVideo> finished) throws RunFailedException {
    Pipeline pipeline = finished.getPipeline();
    Path scratch = LocalFiles.scratch();
    try {
      int threads = pipeline.getOptions().as(DirectOptions.class).getTargetParallelism();
      Pacemaker.add(finished, threads, scratch.resolve("end"));
      return run(pipeline);
    } finally {
      LocalFiles.delete(scratch);
    }
  }

  /**
   * Runs a pipeline and waits for its end.
   *
   * @throws IllegalArgumentException if the runner refuses its options
   * @throws RunFailedException if it has started and failed
   */
  static PipelineResult run(Pipeline pipeline) throws RunFailedException {
    PipelineResult result;
    try {
      result = pipeline.run();
    } catch (IllegalArgumentException e) {
      throw e; // the runner refuses its options
    } catch (RuntimeException e) {
      throw RunFailedException.of(e);
    }
    PipelineResult.State end;
    try {
      end = result.waitUntilFinish();
    } catch (RuntimeException e) {
      throw RunFailedException.of(e);
    }
    if (end != PipelineResult.State.DONE) {
      throw new RunFailedException("The run did not come to its end: its runner says " + end + ".");
    }
    return result;
  }
}
