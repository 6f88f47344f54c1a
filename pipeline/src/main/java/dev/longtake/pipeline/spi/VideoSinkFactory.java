package dev.longtake.pipeline.spi;

import dev.longtake.pipeline.element.RenderedVideo;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PDone;

/** Creates the transform that writes down what became of every request. */
public interface VideoSinkFactory {
  /** Returns the name that selects this sink: lowercase words joined by dashes. */
  String name();

  /**
   * Returns the transform that {@code options} describe. Runs once per pipeline, on the submitting
   * machine.
   *
   * <p>Its input holds the finished videos, and the failed requests of all stages.
   *
   * @throws IllegalArgumentException if an option is missing or invalid; the message names it
   */
  PTransform<Outcome<RenderedVideo>, PDone> create(PipelineOptions options);

  /**
   * Begins to follow a run in the process that submits it, which need not be where it runs. Called
   * before the pipeline is built; what the options name as {@code runId} tells runs apart.
   *
   * @param console where people read; not closed
   */
  default RunWatch watch(PipelineOptions options, Console console) {
    return RunWatch.NONE;
  }
}
