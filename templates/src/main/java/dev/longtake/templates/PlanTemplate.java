package dev.longtake.templates;

import static java.util.Comparator.comparing;
import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.assembly.PipelineSpec;
import dev.longtake.pipeline.assembly.PluginRegistry;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.Feasibility;
import dev.longtake.pipeline.spi.Forecast;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.pipeline.spi.RendererFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.beam.sdk.Pipeline;

/**
 * The first half of the batch pipeline: reads and checks requests, and says what the second half
 * would have to do. Media go into the work store, where a later run finds them.
 */
final class PlanTemplate {
  private final PluginRegistry registry;

  /** Creates a template that chooses from {@code registry}. */
  PlanTemplate(PluginRegistry registry) {
    this.registry = requireNonNull(registry, "registry");
  }

  /**
   * What would be rendered.
   *
   * @param videos in the order of the manifest
   * @param failures requests that can never succeed, likewise
   * @param basis what the times are based on; empty if they are not known
   */
  record BatchPlan(List<PlannedVideo> videos, List<FailedRequest> failures, String basis) {
    /** Returns the frames of all videos. */
    long frames() {
      return videos.stream().mapToLong(video -> video.request().getFrames()).sum();
    }
  }

  /**
   * One video.
   *
   * @param renderSeconds time to render what is left, NaN if that is not known
   */
  record PlannedVideo(PreparedRequest request, int clips, int clipsReused, double renderSeconds) {}

  /**
   * Plans what {@code options} describe; runs in this process, whatever they say of a runner.
   *
   * @throws IllegalArgumentException if a plugin is unknown or refuses an option
   * @throws RunFailedException if looking into the requests failed
   */
  BatchPlan plan(LongtakeOptions options) throws RunFailedException, IOException {
    return plan(
        options, registry.renderer(PipelineSpec.from(options).renderer()).forecast(options));
  }

  /** Plans what {@code options} describe for other machines: nothing is said of this one. */
  BatchPlan planElsewhere(LongtakeOptions options) throws RunFailedException, IOException {
    return plan(options, Optional.empty());
  }

  /**
   * Returns which ways of rendering fit on the GPUs that the options describe, or on this
   * machine's.
   *
   * @param frames that are to be rendered; 0 if that is not known
   * @throws IllegalArgumentException if a plugin is unknown or refuses an option
   */
  Optional<Feasibility> feasibility(LongtakeOptions options, long frames) {
    return registry.renderer(options.getRenderer()).feasibility(options, frames);
  }

  private BatchPlan plan(LongtakeOptions options, Optional<Forecast> forecast)
      throws RunFailedException, IOException {
    PipelineSpec spec = PipelineSpec.from(options);
    RendererFactory renderer = registry.renderer(spec.renderer());
    Path scratch = LocalFiles.scratch();
    try {
      Pipeline pipeline = Pipeline.create(options);
      Outcome<RenderRequest> requests =
          pipeline.apply("Source", registry.requestSource(spec.source()).create(options));
      Outcome<PreparedRequest> prepared =
          requests
              .succeeded()
              .apply(
                  "Prepare",
                  renderer.prepare(
                      options, registry.takePlanner(spec.takePlanner()).create(options)));
      Collected<PreparedRequest> videos =
          Collected.of("Videos", prepared.succeeded(), scratch.resolve("videos"));
      Collected<FailedRequest> unread =
          Collected.of("Unread", requests.failed(), scratch.resolve("unread"));
      Collected<FailedRequest> unfit =
          Collected.of("Unfit", prepared.failed(), scratch.resolve("unfit"));
      RenderBatchTemplate.run(pipeline);
      List<FailedRequest> failures = new ArrayList<>(unread.elements());
      failures.addAll(unfit.elements());
      failures.sort(comparing(FailedRequest::getLine));
      return forecast(forecast, videos.elements(), failures);
    } finally {
      LocalFiles.delete(scratch);
    }
  }

  private static BatchPlan forecast(
      Optional<Forecast> forecast, List<PreparedRequest> requests, List<FailedRequest> failures)
      throws IOException {
    List<PreparedRequest> inOrder = new ArrayList<>(requests);
    inOrder.sort(
        Comparator.<PreparedRequest>comparingInt(request -> request.getRequest().getLine())
            .thenComparing(request -> request.getRequest().getId()));
    List<PlannedVideo> videos = new ArrayList<>();
    if (forecast.isEmpty()) {
      inOrder.forEach(request -> videos.add(new PlannedVideo(request, 0, 0, Double.NaN)));
      return new BatchPlan(videos, failures, "");
    }
    try (Forecast opened = forecast.get()) {
      for (PreparedRequest request : inOrder) {
        videos.add(
            new PlannedVideo(
                request,
                opened.clips(request),
                opened.clipsReused(request),
                opened.renderSeconds(request)));
      }
      return new BatchPlan(videos, failures, opened.basis());
    }
  }
}
