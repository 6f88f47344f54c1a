package dev.longtake.transforms;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.hash.Hashing;
import dev.longtake.pipeline.assembly.PipelineSpec;
import dev.longtake.pipeline.assembly.PluginRegistry;
import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.element.RenderedClip;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.pipeline.spi.RendererFactory;
import dev.longtake.runtime.api.InvalidRequestException;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.transforms.media.PictureReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.testing.TestPipelineExtension;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What every stage of the pipeline gives, exactly. */
class PipelineStagesTest {
  private static final String BAD_LINE = "{\"id\":\"bad\",\"image\":\"face.png\"}";
  private static final String NO_FILE = Workshop.request("gone");
  private static final String HEX = "[0-9a-f]{64}";

  @RegisterExtension final TestPipelineExtension extension = TestPipelineExtension.create();

  @TempDir private Path root;
  private FakeEngineProvider engines;
  private Workshop workshop;

  /** A video of one take and one of two: 50 frames, and 100 + 150. */
  @BeforeEach
  void bringInputs() throws IOException {
    engines = new FakeEngineProvider();
    workshop =
        Workshop.of(root, engines)
            .picture()
            .voice("short", 2, 150)
            .voice("long", 10, 170)
            .manifest(
                List.of(Workshop.request("short"), BAD_LINE, NO_FILE, Workshop.request("long")));
  }

  /** The graph, stage by stage, as the assembler builds it. */
  private record Stages(
      Outcome<RenderRequest> requests,
      Outcome<PreparedRequest> prepared,
      PCollection<Clip> clips,
      Outcome<RenderedClip> rendered,
      Outcome<RenderedVideo> videos) {}

  private Stages stages(Pipeline pipeline, String... more) {
    List<String> arguments =
        IntStream.range(-2, more.length)
            .mapToObj(
                i -> i < 0 ? List.of("--takeSeconds=4", "--takePlanner=fixed").get(i + 2) : more[i])
            .toList();
    LongtakeOptions options = workshop.options(arguments.toArray(String[]::new));
    PluginRegistry registry = workshop.registry();
    PipelineSpec spec = PipelineSpec.from(options);
    RendererFactory renderer = registry.renderer(spec.renderer());
    Outcome<RenderRequest> requests =
        pipeline.apply("Source", registry.requestSource(spec.source()).create(options));
    Outcome<PreparedRequest> prepared =
        requests
            .succeeded()
            .apply(
                "Prepare",
                renderer.prepare(
                    options, registry.takePlanner(spec.takePlanner()).create(options)));
    PCollection<Clip> clips = prepared.succeeded().apply("Split", renderer.split(options));
    Outcome<RenderedClip> rendered = clips.apply("Render", renderer.render(options));
    return new Stages(
        requests,
        prepared,
        clips,
        rendered,
        rendered.succeeded().apply("Stitch", renderer.stitch(options)));
  }

  private static void run(TestPipeline pipeline) {
    assertThat(pipeline.run().waitUntilFinish()).isEqualTo(PipelineResult.State.DONE);
  }

  @Test
  void readGivesRequestsAndBadLines(TestPipeline pipeline) {
    Stages stages = stages(pipeline);

    PAssert.that(stages.requests().succeeded())
        .containsInAnyOrder(request(1, "short"), request(3, "gone"), request(4, "long"));
    PAssert.that(stages.requests().failed())
        .containsInAnyOrder(
            FailedRequest.builder()
                .setLine(2)
                .setSource(BAD_LINE)
                .setId("bad")
                .setStage("read")
                .setCode("MISSING_AUDIO")
                .setMessage(
                    "There is no audio. Add \"audio\": the path or URI of the recording of what is"
                        + " said.")
                .build());
    run(pipeline);
  }

  private RenderRequest request(int line, String id) {
    return RenderRequest.builder()
        .setLine(line)
        .setSource(Workshop.request(id))
        .setId(id)
        .setImage(root.resolve(Workshop.PICTURE).toString())
        .setAudio(root.resolve(id + ".wav").toString())
        .setPrompt(id)
        .setSeed(420)
        .setSize(null)
        .setOutput(null)
        .setClips(null)
        .build();
  }

  @Test
  void prepareFixesSizeTakesAndDigests(TestPipeline pipeline) throws IOException {
    Stages stages = stages(pipeline);
    Picture picture = PictureReader.read(root.resolve(Workshop.PICTURE));
    String pictureDigest =
        Hashing.sha256()
            .newHasher()
            .putBytes("P6\n128 128\n255\n".getBytes(US_ASCII))
            .putBytes(picture.rgb())
            .hash()
            .toString();

    PAssert.that(texts(stages.prepared().succeeded(), PipelineStagesTest::describe))
        .containsInAnyOrder(
            "short 128x128 50 frames, 32000 samples, picture objects/%s, sound objects/%s, [0+50]"
                .formatted(pictureDigest, Workshop.sha256(root.resolve("short.wav"))),
            "long 128x128 250 frames, 160000 samples, picture objects/%s, sound objects/%s, [0+100, 100+150]"
                .formatted(pictureDigest, Workshop.sha256(root.resolve("long.wav"))));
    PAssert.that(stages.prepared().succeeded()).satisfies(PipelineStagesTest::haveTheirOwnDigests);
    PAssert.that(stages.prepared().failed())
        .containsInAnyOrder(
            FailedRequest.builder()
                .setLine(3)
                .setSource(NO_FILE)
                .setId("gone")
                .setStage("prepare")
                .setCode("FILE_NOT_FOUND")
                .setMessage(
                    "There is no file '%s'. Correct its path.".formatted(root.resolve("gone.wav")))
                .build());
    run(pipeline);
    assertThat(workshop.workDir().resolve("objects/" + pictureDigest)).exists();
  }

  private static String describe(PreparedRequest request) {
    return "%s %dx%d %d frames, %d samples, picture %s, sound %s, %s"
        .formatted(
            request.getRequest().getId(),
            request.getWidth(),
            request.getHeight(),
            request.getFrames(),
            request.getSpeechSamples(),
            request.getPicture(),
            request.getSound(),
            request.getTakes().stream()
                .map(take -> take.getFirstFrame() + "+" + take.getFrames())
                .toList());
  }

  private static Void haveTheirOwnDigests(Iterable<PreparedRequest> requests) {
    assertThat(requests).hasSize(2);
    assertThat(requests).extracting(PreparedRequest::getHash).doesNotHaveDuplicates();
    assertThat(requests).extracting(PreparedRequest::getSpeech).doesNotHaveDuplicates();
    assertThat(requests)
        .allSatisfy(
            request -> {
              assertThat(request.getHash()).matches(HEX);
              assertThat(request.getSpeech()).matches("objects/" + HEX);
              assertThat(request.getTakes()).allMatch(take -> take.getHash().matches(HEX));
            });
    assertThat(requests)
        .flatExtracting(PreparedRequest::getTakes)
        .extracting(take -> take.getHash())
        .doesNotHaveDuplicates();
    return null;
  }

  @Test
  void splitOfStrictGivesOneTakeOfWholeClipsButTheLast(TestPipeline pipeline) {
    Stages stages = stages(pipeline, "--continuity=strict");

    PAssert.that(texts(stages.clips(), PipelineStagesTest::describe))
        .containsInAnyOrder(
            "short: take 0 clip 0, 0+45, by short",
            "short: take 0 clip 1, 45+5, by short",
            "long: take 0 clip 0, 0+45, by long",
            "long: take 0 clip 1, 45+48, by long",
            "long: take 0 clip 2, 93+48, by long",
            "long: take 0 clip 3, 141+48, by long",
            "long: take 0 clip 4, 189+48, by long",
            "long: take 0 clip 5, 237+13, by long");
    run(pipeline);
  }

  @Test
  void splitOfCarryRoutesByRequest(TestPipeline pipeline) {
    Stages stages = stages(pipeline, "--continuity=carry");

    PAssert.that(texts(stages.clips(), PipelineStagesTest::describe))
        .containsInAnyOrder(
            "short: take 0 clip 0, 0+45, by short",
            "short: take 0 clip 1, 45+5, by short",
            "long: take 0 clip 0, 0+45, by long",
            "long: take 0 clip 1, 45+48, by long",
            "long: take 0 clip 2, 93+7, by long",
            "long: take 1 clip 0, 100+45, by long",
            "long: take 1 clip 1, 145+48, by long",
            "long: take 1 clip 2, 193+48, by long",
            "long: take 1 clip 3, 241+9, by long");
    run(pipeline);
  }

  @Test
  void splitOfParallelRoutesByTake(TestPipeline pipeline) {
    Stages stages = stages(pipeline, "--continuity=parallel", "--inferFrames=96");

    PAssert.that(texts(stages.clips(), PipelineStagesTest::describe))
        .containsInAnyOrder(
            "short: take 0 clip 0, 0+50, by short/take-0000",
            "long: take 0 clip 0, 0+93, by long/take-0000",
            "long: take 0 clip 1, 93+7, by long/take-0000",
            "long: take 1 clip 0, 100+93, by long/take-0001",
            "long: take 1 clip 1, 193+57, by long/take-0001");
    run(pipeline);
  }

  private static String describe(Clip clip) {
    return "%s: take %d clip %d, %d+%d, by %s"
        .formatted(
            clip.getRequest().getRequest().getId(),
            clip.getTake(),
            clip.getClip(),
            clip.getFirstFrame(),
            clip.getFrames(),
            clip.getRoutingKey());
  }

  @Test
  void renderGivesAFragmentForEveryClip(TestPipeline pipeline) {
    Stages stages = stages(pipeline);
    String store = workshop.workDir().toString();

    PAssert.that(texts(stages.rendered().succeeded(), clip -> describe(store, clip)))
        .containsInAnyOrder(
            "short/0/0 new by resident, intact",
            "short/0/1 new by resident, intact",
            "long/0/0 new by resident, intact",
            "long/0/1 new by resident, intact",
            "long/0/2 new by resident, intact",
            "long/1/0 new by resident, intact",
            "long/1/1 new by resident, intact",
            "long/1/2 new by resident, intact",
            "long/1/3 new by resident, intact");
    PAssert.that(stages.rendered().failed()).empty();
    run(pipeline);
    assertThat(engines.clips()).hasSize(9);
  }

  @Test
  void renderGivesTheSameFragmentsAgainWithoutAnEngine(TestPipeline pipeline) throws IOException {
    workshop.manifest(List.of(Workshop.request("short"))).run("--takeSeconds=4");
    int clipsBefore = engines.clips().size();
    Files.delete(workshop.video("short"));
    Stages stages = stages(pipeline);
    String store = workshop.workDir().toString();

    PAssert.that(texts(stages.rendered().succeeded(), clip -> describe(store, clip)))
        .containsInAnyOrder(
            "short/0/0 reused by resident, intact", "short/0/1 reused by resident, intact");
    run(pipeline);
    assertThat(clipsBefore).isEqualTo(2);
    assertThat(engines.clips()).hasSize(clipsBefore);
  }

  private static String describe(String store, RenderedClip clip) {
    boolean intact =
        sha256(Path.of(store, clip.getLocation())).equals(clip.getDigest())
            && clip.getSeconds() > 0;
    return "%s/%d/%d %s by %s, %s"
        .formatted(
            clip.getClip().getRequest().getRequest().getId(),
            clip.getClip().getTake(),
            clip.getClip().getClip(),
            clip.isReused() ? "reused" : "new",
            clip.getStrategy(),
            intact ? "intact" : "damaged");
  }

  @Test
  void renderGivesAFailureForARequestThatTheEngineRefuses(TestPipeline pipeline) {
    engines.beforeClip(
        clip -> {
          if (clip.prompt().equals("long") && clip.take() == 1) {
            throw new InvalidRequestException("No.");
          }
        });
    Stages stages = stages(pipeline);
    String store = workshop.workDir().toString();

    PAssert.that(texts(stages.rendered().succeeded(), clip -> describe(store, clip)))
        .containsInAnyOrder(
            "short/0/0 new by resident, intact",
            "short/0/1 new by resident, intact",
            "long/0/0 new by resident, intact",
            "long/0/1 new by resident, intact",
            "long/0/2 new by resident, intact");
    PAssert.that(stages.rendered().failed())
        .containsInAnyOrder(
            FailedRequest.builder()
                .setLine(4)
                .setSource(Workshop.request("long"))
                .setId("long")
                .setStage("render")
                .setCode("INVALID_REQUEST")
                .setMessage("No.")
                .build());
    PAssert.that(texts(stages.videos().succeeded(), RenderedVideo::getId))
        .containsInAnyOrder("short");
    PAssert.that(stages.videos().failed()).empty();
    run(pipeline);
  }

  @Test
  void stitchGivesPublishedVideos(TestPipeline pipeline) {
    Stages stages = stages(pipeline);

    PAssert.that(texts(stages.videos().succeeded(), PipelineStagesTest::describe))
        .containsInAnyOrder(
            "short at %s, 50 frames, 2.0 s, takes 1, clips 2, reused 0, resident, recorded, new, intact"
                .formatted(workshop.video("short")),
            "long at %s, 250 frames, 10.0 s, takes 2, clips 7, reused 0, resident, recorded, new, intact"
                .formatted(workshop.video("long")));
    PAssert.that(stages.videos().failed()).empty();
    run(pipeline);
  }

  private static String describe(RenderedVideo video) {
    boolean intact =
        sha256(Path.of(video.getLocation())).equals(video.getDigest())
            && video.getRenderSeconds() > 0;
    return "%s at %s, %d frames, %s s, takes %d, clips %d, reused %d, %s, %s, %s, %s"
        .formatted(
            video.getId(),
            video.getLocation(),
            video.getFrames(),
            video.getSeconds(),
            video.getTakes(),
            video.getClips(),
            video.getClipsReused(),
            video.getStrategy(),
            video.getRecord().isEmpty() ? "not recorded" : "recorded",
            video.isUntouched() ? "untouched" : "new",
            intact ? "intact" : "damaged");
  }

  private static <T> PCollection<String> texts(
      PCollection<T> elements, SerializableFunction<T, String> text) {
    return elements.apply(
        "Describe " + elements.getName(), MapElements.into(TypeDescriptors.strings()).via(text));
  }

  private static String sha256(Path file) {
    try {
      return Workshop.sha256(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
