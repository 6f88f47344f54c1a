package dev.longtake.transforms;

import com.google.auto.service.AutoService;
import dev.longtake.pipeline.spi.PipelinePlugin;
import dev.longtake.pipeline.spi.RendererFactory;
import dev.longtake.pipeline.spi.RequestSourceFactory;
import dev.longtake.pipeline.spi.TakePlannerFactory;
import dev.longtake.pipeline.spi.VideoSinkFactory;
import dev.longtake.transforms.settings.EngineSource;
import java.util.List;

/** What this module adds to pipelines. */
@AutoService(PipelinePlugin.class)
public final class StandardTransformsPlugin implements PipelinePlugin {
  private final EngineSource engines;

  /** Renders with the engine on the class path. */
  public StandardTransformsPlugin() {
    this(EngineSource.ON_CLASS_PATH);
  }

  /** Renders with {@code engines}. */
  StandardTransformsPlugin(EngineSource engines) {
    this.engines = engines;
  }

  @Override
  public List<RequestSourceFactory> requestSources() {
    return List.of(new ManifestSourceFactory());
  }

  @Override
  public List<TakePlannerFactory> takePlanners() {
    return List.of(new SilenceTakePlannerFactory(engines), new FixedTakePlannerFactory(engines));
  }

  @Override
  public List<RendererFactory> renderers() {
    return List.of(new LiveAvatarRendererFactory(engines));
  }

  @Override
  public List<VideoSinkFactory> videoSinks() {
    return List.of(new ResultsSinkFactory(engines));
  }
}
