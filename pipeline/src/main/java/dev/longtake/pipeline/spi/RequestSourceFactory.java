package dev.longtake.pipeline.spi;

import dev.longtake.pipeline.element.RenderRequest;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PBegin;

/** Creates the transform that requests come from. */
public interface RequestSourceFactory {
  /** Returns the name that selects this source: lowercase words joined by dashes. */
  String name();

  /**
   * Returns the transform that {@code options} describe. Runs once per pipeline, on the submitting
   * machine.
   *
   * <p>What the transform gives is bounded. Every id is unique and safe as a file name; a line that
   * breaks this, or cannot be read, is a failed request with its line number. Pictures and speech
   * are not looked at.
   *
   * @throws IllegalArgumentException if an option is missing or invalid; the message names it
   */
  PTransform<PBegin, Outcome<RenderRequest>> create(PipelineOptions options);
}
