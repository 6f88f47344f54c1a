package dev.longtake.transforms;

import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.element.RenderedClip;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.options.Continuity;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.Feasibility;
import dev.longtake.pipeline.spi.Forecast;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.pipeline.spi.RendererFactory;
import dev.longtake.pipeline.spi.TakePlanner;
import dev.longtake.transforms.prepare.PrepareRequests;
import dev.longtake.transforms.render.LiveAvatarForecast;
import dev.longtake.transforms.render.RenderClips;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.RenderSettings;
import dev.longtake.transforms.split.ClipPlanner;
import dev.longtake.transforms.split.ClipRouting;
import dev.longtake.transforms.split.SplitIntoClips;
import dev.longtake.transforms.split.WholeTakePlanner;
import dev.longtake.transforms.stitch.StitchVideos;
import java.util.Optional;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PCollection;

/** {@code --renderer=live-avatar}. */
public final class LiveAvatarRendererFactory implements RendererFactory {
  private final EngineSource engines;

  /** Creates the factory; {@code engines} open the model. */
  public LiveAvatarRendererFactory(EngineSource engines) {
    this.engines = requireNonNull(engines, "engines");
  }

  @Override
  public String name() {
    return "live-avatar";
  }

  @Override
  public void requireFits(LongtakeOptions options) {
    new FitCheck(options, engines).run();
  }

  @Override
  public PTransform<PCollection<RenderRequest>, Outcome<PreparedRequest>> prepare(
      PipelineOptions options, TakePlanner takePlanner) {
    RenderSettings settings = settings(options);
    boolean isOneTake = settings.continuity() == Continuity.STRICT;
    return new PrepareRequests(settings, engines, isOneTake ? new WholeTakePlanner() : takePlanner);
  }

  @Override
  public PTransform<PCollection<PreparedRequest>, PCollection<Clip>> split(
      PipelineOptions options) {
    RenderSettings settings = settings(options);
    return new SplitIntoClips(
        new ClipPlanner(settings.inferFrames()),
        settings.continuity() == Continuity.PARALLEL
            ? ClipRouting.BY_TAKE
            : ClipRouting.BY_REQUEST);
  }

  @Override
  public PTransform<PCollection<Clip>, Outcome<RenderedClip>> render(PipelineOptions options) {
    return new RenderClips(settings(options), engines);
  }

  @Override
  public PTransform<PCollection<RenderedClip>, Outcome<RenderedVideo>> stitch(
      PipelineOptions options) {
    return new StitchVideos(settings(options));
  }

  @Override
  public int takesAtOnce(LongtakeOptions options) {
    return RenderSettings.takesAtOnce(options, engines);
  }

  @Override
  public Optional<Forecast> forecast(PipelineOptions options) {
    return Optional.of(new LiveAvatarForecast(settings(options), engines));
  }

  @Override
  public Optional<Feasibility> feasibility(PipelineOptions options, long frames) {
    return new PlacementQuestion(options, engines).answer(frames);
  }

  private RenderSettings settings(PipelineOptions options) {
    return RenderSettings.of(options.as(LongtakeOptions.class), engines);
  }
}
