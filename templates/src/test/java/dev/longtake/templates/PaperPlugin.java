package dev.longtake.templates;

import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.element.RenderedClip;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.Console;
import dev.longtake.pipeline.spi.Forecast;
import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.pipeline.spi.PipelinePlugin;
import dev.longtake.pipeline.spi.RendererFactory;
import dev.longtake.pipeline.spi.RequestSourceFactory;
import dev.longtake.pipeline.spi.RunWatch;
import dev.longtake.pipeline.spi.TakePlanner;
import dev.longtake.pipeline.spi.TakePlannerFactory;
import dev.longtake.pipeline.spi.VideoSinkFactory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.Deflater;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PDone;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.slf4j.LoggerFactory;

/**
 * A plugin without media. Ids are the manifest option's, separated by commas, and say what becomes
 * of the request:
 *
 * <ul>
 *   <li>{@code bad…}: it fails;
 *   <li>{@code tear…}: rendering throws, and so ends the run;
 *   <li>{@code mute…}: likewise, without a message;
 *   <li>{@code warn…}: rendering logs;
 *   <li>{@code long…}: native code computes for minutes, having said so in the file {@code
 *       rendering} of the output directory;
 *   <li>any other: there is a video.
 * </ul>
 *
 * <p>With {@code --vramLimit=0} no worker can be set up. What became of requests are files of the
 * output directory; the watch writes lines.
 */
public final class PaperPlugin implements PipelinePlugin {
  private static final TupleTag<FailedRequest> FAILED = new TupleTag<>() {};
  private static final TupleTag<RenderRequest> REQUESTS = new TupleTag<>() {};
  private static final TupleTag<PreparedRequest> PREPARED = new TupleTag<>() {};
  private static final TupleTag<Clip> SPLIT = new TupleTag<>() {};
  private static final TupleTag<RenderedClip> CLIPS = new TupleTag<>() {};
  private static final TupleTag<RenderedVideo> VIDEOS = new TupleTag<>() {};

  @Override
  public List<RequestSourceFactory> requestSources() {
    return List.of(new Ids());
  }

  @Override
  public List<TakePlannerFactory> takePlanners() {
    return List.of(new Whole());
  }

  @Override
  public List<RendererFactory> renderers() {
    return List.of(new Paper());
  }

  @Override
  public List<VideoSinkFactory> videoSinks() {
    return List.of(new FileSink("files"), new FileSink("refusing"));
  }

  private record Ids() implements RequestSourceFactory {
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
          return begin.apply(Create.of(ids)).apply(new Stage<>(REQUESTS, Ids::request));
        }
      };
    }

    private static RenderRequest request(String id) {
      return RenderRequest.builder()
          .setLine(1)
          .setSource(id)
          .setId(id)
          .setImage("image")
          .setAudio("audio")
          .setPrompt("")
          .setSeed(1)
          .build();
    }
  }

  private record Whole() implements TakePlannerFactory {
    @Override
    public String name() {
      return "whole-paper";
    }

    @Override
    public TakePlanner create(PipelineOptions options) {
      return speech -> List.of(new FrameRange(0, speech.frames()));
    }
  }

  private record Paper() implements RendererFactory {
    @Override
    public String name() {
      return "paper";
    }

    @Override
    public PTransform<PCollection<RenderRequest>, Outcome<PreparedRequest>> prepare(
        PipelineOptions options, TakePlanner takePlanner) {
      return new Stage<>(PREPARED, Paper::prepared);
    }

    private static PreparedRequest prepared(RenderRequest request) {
      return PreparedRequest.builder()
          .setRequest(request)
          .setHash(request.getId())
          .setWidth(16)
          .setHeight(16)
          .setFrames(12)
          .setPicture("picture")
          .setSound("sound")
          .setSpeechSamples(7680)
          .setSpeech("speech")
          .setTakes(
              List.of(
                  PlannedTake.builder()
                      .setIndex(0)
                      .setFirstFrame(0)
                      .setFrames(12)
                      .setHash("take")
                      .build()))
          .build();
    }

    @Override
    public PTransform<PCollection<PreparedRequest>, PCollection<Clip>> split(
        PipelineOptions options) {
      Stage<PreparedRequest, Clip> stage = new Stage<>(SPLIT, Paper::clip);
      return new PTransform<>() {
        @Override
        public PCollection<Clip> expand(PCollection<PreparedRequest> requests) {
          return requests.apply(stage).succeeded();
        }
      };
    }

    private static Clip clip(PreparedRequest request) {
      return Clip.builder()
          .setRequest(request)
          .setTake(0)
          .setClip(0)
          .setFirstFrame(0)
          .setFrames(12)
          .setRoutingKey(request.getHash())
          .build();
    }

    @Override
    public PTransform<PCollection<Clip>, Outcome<RenderedClip>> render(PipelineOptions options) {
      String output = options.as(LongtakeOptions.class).getOutput();
      boolean sound = !"0".equals(options.as(LongtakeOptions.class).getVramLimit());
      return new Stage<>(CLIPS, clip -> rendered(clip, output), sound);
    }

    private static RenderedClip rendered(Clip clip, String output) {
      String id = clip.getRequest().getHash();
      if (id.startsWith("tear")) {
        throw new IllegalArgumentException("the paper tears");
      }
      if (id.startsWith("mute")) {
        throw new IllegalStateException();
      }
      if (id.startsWith("warn")) {
        LoggerFactory.getLogger(PaperPlugin.class).info("the paper is white");
        LoggerFactory.getLogger(PaperPlugin.class).warn("the paper is thin");
        LoggerFactory.getLogger("org.apache.beam.Chatter").warn("beam chats");
        LoggerFactory.getLogger("ai.djl.Chatter").warn("djl chats");
      }
      if (id.startsWith("long")) {
        computeNatively(Path.of(output, "rendering"));
      }
      return RenderedClip.builder()
          .setClip(clip)
          .setLocation("clip")
          .setDigest("digest")
          .setReused(false)
          .setSeconds(0)
          .setStrategy("resident")
          .setChoice("")
          .build();
    }

    /** One call into zlib takes tens of seconds, and nothing interrupts it. */
    private static void computeNatively(Path started) {
      ByteBuffer noise = ByteBuffer.allocateDirect(400 << 20);
      byte[] part = new byte[1 << 20];
      new Random(1).nextBytes(part);
      while (noise.hasRemaining()) {
        noise.put(part);
      }
      ByteBuffer out = ByteBuffer.allocateDirect(420 << 20);
      Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
      deflater.setInput(noise.flip());
      touch(started);
      int written = deflater.deflate(out);
      deflater.end();
      throw new IllegalStateException("computed to the end: " + written);
    }

    @Override
    public PTransform<PCollection<RenderedClip>, Outcome<RenderedVideo>> stitch(
        PipelineOptions options) {
      return new Stage<>(VIDEOS, Paper::video);
    }

    @Override
    public Optional<Forecast> forecast(PipelineOptions options) {
      return Optional.of(new HalfDone());
    }

    private static RenderedVideo video(RenderedClip clip) {
      String id = clip.getClip().getRequest().getHash();
      return RenderedVideo.builder()
          .setId(id)
          .setLocation(id + ".mp4")
          .setDigest("digest")
          .setFrames(12)
          .setSeconds(0.48)
          .setRenderSeconds(0)
          .setTakes(1)
          .setClips(1)
          .setClipsReused(0)
          .setStrategy("resident")
          .setChoice("")
          .setRecord("")
          .setUntouched(false)
          .build();
    }
  }

  /** Three clips each, the first there already, a minute for the others. */
  private record HalfDone() implements Forecast {
    @Override
    public int clips(PreparedRequest request) {
      return 3;
    }

    @Override
    public int clipsReused(PreparedRequest request) {
      return 1;
    }

    @Override
    public double renderSeconds(PreparedRequest request) {
      return 60;
    }

    @Override
    public String basis() {
      return "paper is patient";
    }

    @Override
    public void close() {}
  }

  private record FileSink(String name) implements VideoSinkFactory {
    @Override
    public PTransform<Outcome<RenderedVideo>, PDone> create(PipelineOptions options) {
      if (name.equals("refusing")) {
        throw new IllegalArgumentException("the sink refuses");
      }
      String output = options.as(LongtakeOptions.class).getOutput();
      return new PTransform<>() {
        @Override
        public PDone expand(Outcome<RenderedVideo> outcome) {
          outcome.succeeded().apply("Done", touched(v -> Path.of(output, "done-" + v.getId())));
          outcome.failed().apply("Failed", touched(f -> Path.of(output, "failed-" + f.getId())));
          return PDone.in(outcome.getPipeline());
        }
      };
    }

    @Override
    public RunWatch watch(PipelineOptions options, Console console) {
      console.out().println("run " + options.as(LongtakeOptions.class).getRunId());
      console.out().println("typed " + console.commandLine());
      console.out().println("version " + console.version());
      console.out().println("terminal " + console.columns() + " " + console.rows());
      return new RunWatch() {
        @Override
        public void finished() {
          console.out().println("watch finished");
        }

        @Override
        public void close() {
          console.out().println("watch closed");
        }
      };
    }
  }

  private static <T> ParDo.SingleOutput<T, Void> touched(SerializableFunction<T, Path> path) {
    return ParDo.of(
        new DoFn<T, Void>() {
          @ProcessElement
          public void processElement(@Element T element) {
            touch(path.apply(element));
          }
        });
  }

  private static void touch(Path path) {
    try {
      Files.createFile(path);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Does {@code work}, except for the elements that are bad. */
  private static final class Stage<I, O> extends PTransform<PCollection<I>, Outcome<O>> {
    private static final long serialVersionUID = 1;

    private final TupleTag<O> succeeded;
    private final SerializableFunction<I, O> work;

    private final boolean sound;

    Stage(TupleTag<O> succeeded, SerializableFunction<I, O> work) {
      this(succeeded, work, true);
    }

    Stage(TupleTag<O> succeeded, SerializableFunction<I, O> work, boolean sound) {
      this.succeeded = succeeded;
      this.work = work;
      this.sound = sound;
    }

    @Override
    public Outcome<O> expand(PCollection<I> input) {
      return Outcome.in(
          input.apply(
              ParDo.of(new StageFn<>(succeeded, work, sound))
                  .withOutputTags(succeeded, TupleTagList.of(FAILED))),
          succeeded,
          FAILED);
    }
  }

  private static final class StageFn<I, O> extends DoFn<I, O> {
    private static final long serialVersionUID = 1;

    private final TupleTag<O> succeeded;
    private final SerializableFunction<I, O> work;

    private final boolean sound;

    StageFn(TupleTag<O> succeeded, SerializableFunction<I, O> work, boolean sound) {
      this.succeeded = succeeded;
      this.work = work;
      this.sound = sound;
    }

    @Setup
    @SuppressWarnings({"unused", "EffectivelyPrivate"}) // Beam calls it
    public void setup() {
      if (!sound) {
        throw new IllegalArgumentException("there is no room for paper");
      }
    }

    @ProcessElement
    public void processElement(@Element I element, MultiOutputReceiver outputs) {
      if (element instanceof String id && id.startsWith("bad")) {
        outputs
            .get(FAILED)
            .output(
                FailedRequest.builder()
                    .setLine(1)
                    .setSource(id)
                    .setId(id)
                    .setStage("read")
                    .setCode("INVALID_REQUEST")
                    .setMessage("bad")
                    .build());
        return;
      }
      outputs.get(succeeded).output(work.apply(element));
    }

    @Override
    public TypeDescriptor<O> getOutputTypeDescriptor() {
      return succeeded.getTypeDescriptor();
    }
  }
}
