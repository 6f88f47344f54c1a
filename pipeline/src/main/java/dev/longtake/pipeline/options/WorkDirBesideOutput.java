package dev.longtake.pipeline.options;

import org.apache.beam.sdk.options.DefaultValueFactory;
import org.apache.beam.sdk.options.PipelineOptions;

/** The work store's place unless another is given: hidden in the output directory. */
public final class WorkDirBesideOutput implements DefaultValueFactory<String> {
  /** For Beam. */
  public WorkDirBesideOutput() {}

  @Override
  public String create(PipelineOptions options) {
    String output = options.as(LongtakeOptions.class).getOutput();
    if (output == null) {
      throw new IllegalArgumentException("--output is required: the directory for the videos.");
    }
    return output + (output.endsWith("/") ? "" : "/") + ".longtake-work";
  }
}
