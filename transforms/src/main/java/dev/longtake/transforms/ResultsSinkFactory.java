package dev.longtake.transforms;

import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.Console;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.pipeline.spi.RunWatch;
import dev.longtake.pipeline.spi.VideoSinkFactory;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.transforms.render.DeviceReadings;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.RenderSettings;
import dev.longtake.transforms.sink.ResultsWriter;
import dev.longtake.transforms.sink.RunFollower;
import dev.longtake.transforms.sink.WriteResults;
import java.util.Locale;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PDone;

/** {@code --sink=results}: results, dead letters, report, and progress while the run goes on. */
public final class ResultsSinkFactory implements VideoSinkFactory {
  private final EngineSource engines;

  /** Creates the factory; {@code engines} know what a checkpoint says. */
  public ResultsSinkFactory(EngineSource engines) {
    this.engines = requireNonNull(engines, "engines");
  }

  @Override
  public String name() {
    return "results";
  }

  @Override
  public PTransform<Outcome<RenderedVideo>, PDone> create(PipelineOptions options) {
    RenderSettings settings = RenderSettings.of(options.as(LongtakeOptions.class), engines);
    String device =
        "%s, %s%s"
            .formatted(
                settings.deviceDescription(),
                settings.precisions().toLowerCase(Locale.ROOT),
                settings.device().equals("cpu") ? ", " + settings.cpuThreads() + " threads" : "");
    String strategy =
        settings.lanes() == EngineConfig.LANES_AUTO
            ? settings.strategy()
            : "%s, %d lane%s"
                .formatted(settings.strategy(), settings.lanes(), settings.lanes() == 1 ? "" : "s");
    return new WriteResults(
        new ResultsWriter(settings.store(), settings.output(), settings.runId(), device, strategy));
  }

  @Override
  public RunWatch watch(PipelineOptions options, Console console) {
    LongtakeOptions longtake = options.as(LongtakeOptions.class);
    RenderSettings settings = RenderSettings.of(longtake, engines);
    return RunFollower.start(
        longtake.getRunId(),
        console,
        "device: " + settings.deviceDescription(),
        DeviceReadings::now,
        settings.output());
  }
}
