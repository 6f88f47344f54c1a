package dev.longtake.pipeline.options;

import java.util.List;
import org.apache.beam.sdk.options.DefaultValueFactory;
import org.apache.beam.sdk.options.PipelineOptions;

/** The post-processors unless some are given: none. */
public final class NoPostProcessors implements DefaultValueFactory<List<String>> {
  /** For Beam. */
  public NoPostProcessors() {}

  @Override
  public List<String> create(PipelineOptions options) {
    return List.of();
  }
}
