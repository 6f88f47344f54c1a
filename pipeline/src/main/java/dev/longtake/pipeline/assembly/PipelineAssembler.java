package dev.longtake.pipeline.assembly;

import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.element.RenderedClip;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.pipeline.spi.PostProcessorFactory;
import dev.longtake.pipeline.spi.RendererFactory;
import dev.longtake.pipeline.spi.RequestSourceFactory;
import dev.longtake.pipeline.spi.RunMetric;
import dev.longtake.pipeline.spi.TakePlannerFactory;
import dev.longtake.pipeline.spi.VideoSinkFactory;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Redistribute;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.apache.beam.sdk.values.TypeDescriptors;

/** Builds the graph of a rendering pipeline from chosen plugins. */
public final class PipelineAssembler {
  private final PluginRegistry registry;

  /** Creates an assembler that chooses from {@code registry}. */
  public PipelineAssembler(PluginRegistry registry) {
    this.registry = requireNonNull(registry, "registry");
  }

  /**
   * Adds the whole graph to {@code pipeline}; runs nothing. Every name is looked up before anything
   * is added.
   *
   * @param spec what to build it from
   * @return what the sink is given
   * @throws IllegalArgumentException if {@code spec} names a plugin that there is not, or a plugin
   *     refuses the pipeline's options
   */
  public Outcome<RenderedVideo> assemble(Pipeline pipeline, PipelineSpec spec) {
    RequestSourceFactory source = registry.requestSource(spec.source());
    TakePlannerFactory takePlanner = registry.takePlanner(spec.takePlanner());
    RendererFactory renderer = registry.renderer(spec.renderer());
    List<PostProcessorFactory> postProcessors =
        spec.postProcessors().stream().map(registry::postProcessor).toList();
    VideoSinkFactory sink = registry.videoSink(spec.sink());
    PipelineOptions options = pipeline.getOptions();

    Outcome<RenderRequest> requests = pipeline.apply("Source", source.create(options));
    Outcome<PreparedRequest> prepared =
        requests
            .succeeded()
            // A source may read on one worker; looking into media must not be stuck there.
            .apply("SpreadRequests", Redistribute.arbitrarily())
            .apply("Prepare", renderer.prepare(options, takePlanner.create(options)));
    PCollection<Clip> clips = prepared.succeeded().apply("Split", renderer.split(options));
    Outcome<RenderedClip> rendered = clips.apply("Render", renderer.render(options));
    Outcome<RenderedVideo> stitched =
        rendered.succeeded().apply("Stitch", renderer.stitch(options));

    List<PCollection<FailedRequest>> failed = new ArrayList<>();
    failed.add(requests.failed());
    failed.add(prepared.failed());
    failed.add(rendered.failed());
    failed.add(stitched.failed());
    PCollection<RenderedVideo> videos = stitched.succeeded();
    for (PostProcessorFactory postProcessor : postProcessors) {
      Outcome<RenderedVideo> processed =
          videos.apply("PostProcess-" + postProcessor.name(), postProcessor.create(options));
      failed.add(processed.failed());
      videos = processed.succeeded();
    }

    Outcome<RenderedVideo> finished =
        Outcome.of(videos, PCollectionList.of(failed).apply("Failed", Flatten.pCollections()));
    videos.apply("CountVideos", ParDo.of(new CountFn<>(RunMetric.VIDEOS_FINISHED)));
    finished.failed().apply("CountFailures", ParDo.of(new CountFn<>(RunMetric.REQUESTS_FAILED)));
    finished.apply("Sink", sink.create(options));
    return finished;
  }

  /** Counts elements, and gives none. */
  private static final class CountFn<T> extends DoFn<T, Void> {
    private final RunMetric counter;

    CountFn(RunMetric counter) {
      this.counter = counter;
    }

    @ProcessElement
    public void processElement() {
      counter.add(1);
    }

    @Override
    public TypeDescriptor<Void> getOutputTypeDescriptor() {
      return TypeDescriptors.voids();
    }
  }
}
