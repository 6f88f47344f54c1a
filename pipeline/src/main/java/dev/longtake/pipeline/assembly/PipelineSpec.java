package dev.longtake.pipeline.assembly;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.options.LongtakeOptions;
import java.util.HashSet;
import java.util.List;

/**
 * Which plugins make up a pipeline, by name.
 *
 * @param source of the requests
 * @param takePlanner that cuts videos into takes
 * @param renderer that makes videos of requests
 * @param postProcessors that do something more with them, in this order; none twice
 * @param sink that writes down what became of every request
 */
public record PipelineSpec(
    String source, String takePlanner, String renderer, List<String> postProcessors, String sink) {
  /** Checks the names on their own. */
  public PipelineSpec {
    requireNonNull(source, "source");
    requireNonNull(takePlanner, "takePlanner");
    requireNonNull(renderer, "renderer");
    requireNonNull(sink, "sink");
    postProcessors = List.copyOf(postProcessors);
    checkArgument(
        new HashSet<>(postProcessors).size() == postProcessors.size(),
        "--postProcessors must name each once, but was %s",
        postProcessors);
  }

  /** Returns what {@code options} choose. */
  public static PipelineSpec from(LongtakeOptions options) {
    return new PipelineSpec(
        options.getSource(),
        options.getTakePlanner(),
        options.getRenderer(),
        options.getPostProcessors(),
        options.getSink());
  }
}
