package dev.longtake.pipeline.assembly;

import dev.longtake.pipeline.spi.PipelinePlugin;
import dev.longtake.pipeline.spi.PostProcessorFactory;
import dev.longtake.pipeline.spi.RendererFactory;
import dev.longtake.pipeline.spi.RequestSourceFactory;
import dev.longtake.pipeline.spi.TakePlannerFactory;
import dev.longtake.pipeline.spi.VideoSinkFactory;
import java.util.ServiceLoader;

/** Every factory that the plugins bring, by kind and name. Immutable once made. */
public final class PluginRegistry {
  private final FactoryTable<RequestSourceFactory> requestSources =
      new FactoryTable<>("request source", RequestSourceFactory::name);
  private final FactoryTable<TakePlannerFactory> takePlanners =
      new FactoryTable<>("take planner", TakePlannerFactory::name);
  private final FactoryTable<RendererFactory> renderers =
      new FactoryTable<>("renderer", RendererFactory::name);
  private final FactoryTable<PostProcessorFactory> postProcessors =
      new FactoryTable<>("post-processor", PostProcessorFactory::name);
  private final FactoryTable<VideoSinkFactory> videoSinks =
      new FactoryTable<>("video sink", VideoSinkFactory::name);

  private PluginRegistry() {}

  /**
   * Returns the registry of the plugins on the class path.
   *
   * @throws IllegalArgumentException if two factories of one kind have one name, or a name is
   *     malformed; the message names the classes
   */
  public static PluginRegistry load() { // the interface's own loader, never the thread's
    return of(ServiceLoader.load(PipelinePlugin.class, PipelinePlugin.class.getClassLoader()));
  }

  /**
   * Returns the registry of {@code plugins}.
   *
   * @throws IllegalArgumentException as {@link #load} does
   */
  public static PluginRegistry of(Iterable<? extends PipelinePlugin> plugins) {
    PluginRegistry registry = new PluginRegistry();
    for (PipelinePlugin plugin : plugins) {
      registry.requestSources.addAll(plugin.requestSources());
      registry.takePlanners.addAll(plugin.takePlanners());
      registry.renderers.addAll(plugin.renderers());
      registry.postProcessors.addAll(plugin.postProcessors());
      registry.videoSinks.addAll(plugin.videoSinks());
    }
    return registry;
  }

  /**
   * Returns the request source with a name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  public RequestSourceFactory requestSource(String name) {
    return requestSources.get(name);
  }

  /**
   * Returns the take planner with a name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  public TakePlannerFactory takePlanner(String name) {
    return takePlanners.get(name);
  }

  /**
   * Returns the renderer with a name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  public RendererFactory renderer(String name) {
    return renderers.get(name);
  }

  /**
   * Returns the post-processor with a name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  public PostProcessorFactory postProcessor(String name) {
    return postProcessors.get(name);
  }

  /**
   * Returns the video sink with a name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  public VideoSinkFactory videoSink(String name) {
    return videoSinks.get(name);
  }
}
