package dev.longtake.pipeline.options;

import com.google.auto.service.AutoService;
import java.util.List;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsRegistrar;

/** Makes {@link LongtakeOptions} known to Beam's command line. */
@AutoService(PipelineOptionsRegistrar.class)
public final class LongtakeOptionsRegistrar implements PipelineOptionsRegistrar {
  /** For {@link java.util.ServiceLoader}. */
  public LongtakeOptionsRegistrar() {}

  @Override
  public Iterable<Class<? extends PipelineOptions>> getPipelineOptions() {
    return List.of(LongtakeOptions.class);
  }
}
