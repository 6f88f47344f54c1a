package dev.longtake.pipeline.assembly;

import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.Elements;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.element.RenderedClip;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.pipeline.spi.PipelinePlugin;
import dev.longtake.pipeline.spi.PostProcessorFactory;
import dev.longtake.pipeline.spi.RendererFactory;
import dev.longtake.pipeline.spi.RequestSourceFactory;
import dev.longtake.pipeline.spi.SpeechEnvelope;
import dev.longtake.pipeline.spi.TakePlanner;
import dev.longtake.pipeline.spi.TakePlannerFactory;
import dev.longtake.pipeline.spi.VideoSinkFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.FlatMapElements;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PDone;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.apache.beam.sdk.values.TypeDescriptors;

/**
 * Plugins without media. Ids are the manifest option's, separated by commas; a request fails in
 * every stage that its id names.
 */
final class TestPlugins {
  static final int FRAMES = 30;

  private static final TupleTag<FailedRequest> FAILED = new TupleTag<>() {};
  private static final TupleTag<RenderRequest> REQUESTS = new TupleTag<>() {};
  private static final TupleTag<PreparedRequest> PREPARED = new TupleTag<>() {};
  private static final TupleTag<RenderedClip> CLIPS = new TupleTag<>() {};
  private static final TupleTag<RenderedVideo> VIDEOS = new TupleTag<>() {};

  private TestPlugins() {}

  /** Everything that a pipeline needs, one of each kind. */
  static PipelinePlugin complete() {
    return new PipelinePlugin() {
      @Override
      public List<RequestSourceFactory> requestSources() {
        return List.of(new IdSource());
      }

      @Override
      public List<TakePlannerFactory> takePlanners() {
        return List.of(new HalvesFactory());
      }

      @Override
      public List<RendererFactory> renderers() {
        return List.of(new PaperRenderer());
      }

      @Override
      public List<PostProcessorFactory> postProcessors() {
        return List.of(new Stamp("stamp-a"), new Stamp("stamp-b"));
      }

      @Override
      public List<VideoSinkFactory> videoSinks() {
        return List.of(new FileSink());
      }
    };
  }

  /** The failure that a stage gives for a request. */
  static FailedRequest failure(String id, String stage) {
    return Elements.failed(id).toBuilder().setStage(stage).build();
  }

  private record IdSource() implements RequestSourceFactory {
    @Override
    public String name() {
      return "ids";
    }

    @Override
    public PTransform<PBegin, Outcome<RenderRequest>> create(PipelineOptions options) {
      List<String> ids = List.of(options.as(LongtakeOptions.class).getManifest().split(","));
      return new PTransform<>() {
        @Override
        public Outcome<RenderRequest> expand(PBegin begin) {
          return begin
              .apply(Create.of(ids))
              .apply(
                  new Stage<>("read", REQUESTS, id -> id, id -> List.of(Elements.bareRequest(id))));
        }
      };
    }
  }

  private record HalvesFactory() implements TakePlannerFactory {
    @Override
    public String name() {
      return "halves";
    }

    @Override
    public TakePlanner create(PipelineOptions options) {
      return speech ->
          List.of(
              new FrameRange(0, speech.frames() / 2),
              new FrameRange(speech.frames() / 2, speech.frames() - speech.frames() / 2));
    }
  }

  private record PaperRenderer() implements RendererFactory {
    @Override
    public String name() {
      return "paper";
    }

    @Override
    public PTransform<PCollection<RenderRequest>, Outcome<PreparedRequest>> prepare(
        PipelineOptions options, TakePlanner takePlanner) {
      return new Stage<>(
          "prepare",
          PREPARED,
          RenderRequest::getId,
          request ->
              List.of(
                  Elements.prepared(request).toBuilder()
                      .setFrames(FRAMES)
                      .setTakes(planned(takePlanner))
                      .build()));
    }

    private static List<PlannedTake> planned(TakePlanner takePlanner) {
      List<FrameRange> ranges = takePlanner.plan(new SpeechEnvelope(FRAMES, new float[1]));
      FrameRange.requirePartition(ranges, FRAMES);
      return IntStream.range(0, ranges.size())
          .mapToObj(i -> Elements.take(i, ranges.get(i).first(), ranges.get(i).count()))
          .toList();
    }

    @Override
    public PTransform<PCollection<PreparedRequest>, PCollection<Clip>> split(
        PipelineOptions options) {
      return new PTransform<>() {
        @Override
        public PCollection<Clip> expand(PCollection<PreparedRequest> requests) {
          return requests.apply(
              FlatMapElements.into(TypeDescriptor.of(Clip.class)).via(PaperRenderer::clips));
        }
      };
    }

    private static List<Clip> clips(PreparedRequest request) {
      return request.getTakes().stream()
          .map(take -> Elements.clip(request, take.getIndex()))
          .toList();
    }

    @Override
    public PTransform<PCollection<Clip>, Outcome<RenderedClip>> render(PipelineOptions options) {
      return new PTransform<>() {
        @Override
        public Outcome<RenderedClip> expand(PCollection<Clip> clips) {
          return clips
              .apply(WithKeys.of(Clip::getRoutingKey).withKeyType(TypeDescriptors.strings()))
              .apply(GroupByKey.create())
              .apply(
                  new Stage<>(
                      "render",
                      CLIPS,
                      keyed -> keyed.getValue().iterator().next().getRequest().getRequest().getId(),
                      PaperRenderer::renderAll));
        }
      };
    }

    private static List<RenderedClip> renderAll(KV<String, Iterable<Clip>> keyed) {
      List<RenderedClip> rendered = new ArrayList<>();
      keyed.getValue().forEach(clip -> rendered.add(Elements.renderedClip(clip)));
      return rendered;
    }

    @Override
    public PTransform<PCollection<RenderedClip>, Outcome<RenderedVideo>> stitch(
        PipelineOptions options) {
      return new PTransform<>() {
        @Override
        public Outcome<RenderedVideo> expand(PCollection<RenderedClip> clips) {
          return clips
              .apply(
                  WithKeys.<String, RenderedClip>of(
                          clip -> clip.getClip().getRequest().getRequest().getId())
                      .withKeyType(TypeDescriptors.strings()))
              .apply(GroupByKey.create())
              .apply(new Stage<>("stitch", VIDEOS, KV::getKey, PaperRenderer::stitched));
        }
      };
    }

    private static List<RenderedVideo> stitched(KV<String, Iterable<RenderedClip>> keyed) {
      int frames = 0;
      int clips = 0;
      for (RenderedClip clip : keyed.getValue()) {
        frames += clip.getClip().getFrames();
        clips++;
      }
      return List.of(
          Elements.video(keyed.getKey()).toBuilder().setFrames(frames).setClips(clips).build());
    }
  }

  /** Adds its name to the video's location. */
  private record Stamp(String name) implements PostProcessorFactory {
    @Override
    public PTransform<PCollection<RenderedVideo>, Outcome<RenderedVideo>> create(
        PipelineOptions options) {
      String stamp = "+" + name;
      return new Stage<>(
          name,
          VIDEOS,
          RenderedVideo::getId,
          video -> List.of(video.toBuilder().setLocation(video.getLocation() + stamp).build()));
    }
  }

  /** Writes a file for every request, named after what became of it, into the output directory. */
  private record FileSink() implements VideoSinkFactory {
    @Override
    public String name() {
      return "files";
    }

    @Override
    public PTransform<Outcome<RenderedVideo>, PDone> create(PipelineOptions options) {
      String output = options.as(LongtakeOptions.class).getOutput();
      return new PTransform<>() {
        @Override
        public PDone expand(Outcome<RenderedVideo> outcome) {
          outcome
              .succeeded()
              .apply("Done", ParDo.of(new Touch<>(output, v -> "done-" + v.getId())));
          outcome
              .failed()
              .apply("Failed", ParDo.of(new Touch<>(output, f -> "failed-" + f.getId())));
          return PDone.in(outcome.getPipeline());
        }
      };
    }
  }

  private static final class Touch<T> extends DoFn<T, Void> {
    private final String directory;
    private final SerializableFunction<T, String> name;

    Touch(String directory, SerializableFunction<T, String> name) {
      this.directory = directory;
      this.name = name;
    }

    @ProcessElement
    public void processElement(@Element T element) throws Exception {
      Files.createFile(Path.of(directory, name.apply(element)));
    }
  }

  /**
   * Fails the requests whose id names the stage, and gives for the others what {@code work} says.
   */
  private static final class Stage<I, O> extends PTransform<PCollection<I>, Outcome<O>> {
    private final String stage;
    private final TupleTag<O> succeeded;
    private final SerializableFunction<I, String> idOf;
    private final SerializableFunction<I, List<O>> work;

    Stage(
        String stage,
        TupleTag<O> succeeded,
        SerializableFunction<I, String> idOf,
        SerializableFunction<I, List<O>> work) {
      this.stage = stage;
      this.succeeded = succeeded;
      this.idOf = idOf;
      this.work = work;
    }

    @Override
    public Outcome<O> expand(PCollection<I> input) {
      return Outcome.in(
          input.apply(
              ParDo.of(
                      new DoFn<I, O>() {
                        @ProcessElement
                        public void processElement(
                            @Element I element, MultiOutputReceiver outputs) {
                          String id = idOf.apply(element);
                          if (id.contains(stage)) {
                            outputs.get(FAILED).output(failure(id, stage));
                            return;
                          }
                          work.apply(element).forEach(outputs.get(succeeded)::output);
                        }

                        @Override
                        public TypeDescriptor<O> getOutputTypeDescriptor() {
                          return succeeded.getTypeDescriptor();
                        }
                      })
                  .withOutputTags(succeeded, TupleTagList.of(FAILED))),
          succeeded,
          FAILED);
    }
  }
}
