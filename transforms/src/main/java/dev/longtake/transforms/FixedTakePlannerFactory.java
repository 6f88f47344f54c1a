package dev.longtake.transforms;

import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.TakePlanner;
import dev.longtake.pipeline.spi.TakePlannerFactory;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.RenderSettings;
import dev.longtake.transforms.split.FixedTakePlanner;
import org.apache.beam.sdk.options.PipelineOptions;

/** {@code --takePlanner=fixed}. */
public final class FixedTakePlannerFactory implements TakePlannerFactory {
  private final EngineSource engines;

  /** Creates the factory; {@code engines} know what a checkpoint says of takes. */
  public FixedTakePlannerFactory(EngineSource engines) {
    this.engines = requireNonNull(engines, "engines");
  }

  @Override
  public String name() {
    return "fixed";
  }

  @Override
  public TakePlanner create(PipelineOptions options) {
    return new FixedTakePlanner(
        RenderSettings.takeSeconds(options.as(LongtakeOptions.class), engines));
  }
}
