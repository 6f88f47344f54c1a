package dev.longtake.pipeline.spi;

import java.util.List;

/**
 * What one jar adds to pipelines: factories that the options then choose by name. Every method
 * returns nothing unless overridden.
 *
 * <p>A plugin is stateless and has a public constructor without arguments. {@link
 * java.util.ServiceLoader} finds it: register the class with {@code @AutoService}. Settings of its
 * own are a {@code PipelineOptions} interface with a {@code PipelineOptionsRegistrar}. Two
 * factories of one kind and name stop the program.
 */
public interface PipelinePlugin {
  /** Returns where requests can come from. */
  default List<RequestSourceFactory> requestSources() {
    return List.of();
  }

  /** Returns the ways to cut videos into takes. */
  default List<TakePlannerFactory> takePlanners() {
    return List.of();
  }

  /** Returns the ways to make videos of requests. */
  default List<RendererFactory> renderers() {
    return List.of();
  }

  /** Returns what more can be done with finished videos. */
  default List<PostProcessorFactory> postProcessors() {
    return List.of();
  }

  /** Returns the ways to write down what became of requests. */
  default List<VideoSinkFactory> videoSinks() {
    return List.of();
  }
}
