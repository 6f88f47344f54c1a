package dev.longtake.pipeline.spi;

import org.apache.beam.sdk.options.PipelineOptions;

/** Creates the planner that cuts videos into takes. */
public interface TakePlannerFactory {
  /** Returns the name that selects this planner: lowercase words joined by dashes. */
  String name();

  /**
   * Returns the planner that {@code options} describe. Runs once per pipeline, on the submitting
   * machine.
   *
   * @throws IllegalArgumentException if an option is missing or invalid; the message names it
   */
  TakePlanner create(PipelineOptions options);
}
