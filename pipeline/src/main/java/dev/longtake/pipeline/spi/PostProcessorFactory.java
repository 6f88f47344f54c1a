package dev.longtake.pipeline.spi;

import dev.longtake.pipeline.element.RenderedVideo;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PCollection;

/** Creates a transform that does something more with finished videos. Any number may be chosen. */
public interface PostProcessorFactory {
  /** Returns the name that selects this post-processor: lowercase words joined by dashes. */
  String name();

  /**
   * Returns the transform that {@code options} describe. Runs once per pipeline, on the submitting
   * machine.
   *
   * <p>The transform gives every video exactly once, changed or not, or its request as failed. A
   * video may come again in a later run: the same video must end up the same.
   *
   * @throws IllegalArgumentException if an option is missing or invalid; the message names it
   */
  PTransform<PCollection<RenderedVideo>, Outcome<RenderedVideo>> create(PipelineOptions options);
}
