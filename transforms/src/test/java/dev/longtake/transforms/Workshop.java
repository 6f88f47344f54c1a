package dev.longtake.transforms;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.hash.Hashing;
import dev.longtake.pipeline.assembly.PipelineAssembler;
import dev.longtake.pipeline.assembly.PipelineSpec;
import dev.longtake.pipeline.assembly.PluginRegistry;
import dev.longtake.pipeline.assembly.RunCounts;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.Console;
import dev.longtake.pipeline.spi.RunWatch;
import dev.longtake.pipeline.spi.TakePlanner;
import dev.longtake.pipeline.store.WorkStore;
import dev.longtake.pipeline.store.WorkStores;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.transforms.media.SampleMedia;
import dev.longtake.transforms.media.Scratch;
import dev.longtake.transforms.prepare.RequestPreparer;
import dev.longtake.transforms.request.ManifestReader;
import dev.longtake.transforms.request.ManifestSink;
import dev.longtake.transforms.request.RequestFaultException;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.RenderSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/** A directory with a manifest and what it needs, and runs of the whole pipeline over it. */
final class Workshop {
  /** The picture that {@link #picture} brings. */
  static final String PICTURE = "face.png";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path root;
  private final EngineSource engines;

  /** Works in {@code root} with engines that are found by {@code engines}. */
  Workshop(Path root, EngineSource engines) {
    this.root = root;
    this.engines = engines;
  }

  /** Works in {@code root} with engines of {@code provider}. */
  static Workshop of(Path root, FakeEngineProvider provider) {
    return new Workshop(root, () -> provider);
  }

  /**
   * What a run left.
   *
   * @param counts of videos and failures
   * @param results lines of {@code results.jsonl}
   * @param deadLetters lines of {@code dead-letter.jsonl}
   * @param said what people read
   */
  record Run(
      RunCounts counts, List<JsonNode> results, List<JsonNode> deadLetters, List<String> said) {
    /** Returns the result of a video. */
    JsonNode result(String id) {
      return results.stream()
          .filter(line -> line.path("id").asText().equals(id))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no video '%s' in %s".formatted(id, results)));
    }

    /** Returns the ids of the finished videos, in the order of the file. */
    List<String> ids() {
      return results.stream().map(line -> line.path("id").asText()).toList();
    }
  }

  Path root() {
    return root;
  }

  Path output() {
    return root.resolve("out");
  }

  Path workDir() {
    return root.resolve("work");
  }

  Path video(String id) {
    return output().resolve(id + ".mp4");
  }

  EngineSource engines() {
    return engines;
  }

  /** Brings a picture of 128 x 128 pixels. */
  Workshop picture() throws IOException {
    SampleMedia.png(root.resolve(PICTURE), FakeEngineProvider.SIDE, FakeEngineProvider.SIDE, 1);
    return this;
  }

  /** Brings a voice of some length, as {@code <name>.wav}. */
  Workshop voice(String name, double seconds, double pitch) throws IOException {
    SampleMedia.wav(root.resolve(name + ".wav"), seconds, SampleMedia.voice(pitch));
    return this;
  }

  /** Writes the manifest. */
  Workshop manifest(List<String> lines) throws IOException {
    Files.writeString(root.resolve("manifest.jsonl"), String.join("\n", lines) + "\n");
    return this;
  }

  /**
   * Writes a manifest of requests for {@link #PICTURE} and {@code <id>.wav}, prompted by the id.
   */
  Workshop requests(String... ids) throws IOException {
    return manifest(Stream.of(ids).map(Workshop::request).toList());
  }

  /** Returns a line of the manifest. */
  static String request(String id) {
    return "{\"id\":\"%s\",\"image\":\"%s\",\"audio\":\"%s.wav\",\"prompt\":\"%s\"}"
        .formatted(id, PICTURE, id, id);
  }

  /** Returns the options of a run: where things are, and what {@code arguments} say. */
  LongtakeOptions options(String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--manifest=" + root.resolve("manifest.jsonl"),
                "--output=" + output(),
                "--workDir=" + workDir(),
                "--runId=" + UUID.randomUUID()));
    all.addAll(List.of(arguments)); // the last one of a name counts
    return PipelineOptionsFactory.fromArgs(withoutRepeats(all)).as(LongtakeOptions.class);
  }

  private static String[] withoutRepeats(List<String> arguments) {
    List<String> last = new ArrayList<>();
    for (String argument : arguments) {
      String name = argument.substring(0, argument.indexOf('=') + 1);
      last.removeIf(earlier -> earlier.startsWith(name));
      last.add(argument);
    }
    return last.toArray(String[]::new);
  }

  /** Returns the plugins of this module. */
  PluginRegistry registry() {
    return PluginRegistry.of(List.of(new StandardTransformsPlugin(engines)));
  }

  /** Runs the whole pipeline to its end, and checks that it leaves no engine open. */
  Run run(String... arguments) throws IOException {
    StringWriter said = new StringWriter();
    LongtakeOptions options = options(arguments);
    PipelineSpec spec = PipelineSpec.from(options);
    PluginRegistry registry = registry();
    RunCounts counts;
    Console console =
        new Console(new PrintWriter(said), 0, 0, "longtake render <of a test>", "longtake 0");
    try (RunWatch watch = registry.videoSink(spec.sink()).watch(options, console)) {
      Pipeline pipeline = Pipeline.create(options);
      new PipelineAssembler(registry).assemble(pipeline, spec);
      PipelineResult result = pipeline.run();
      assertThat(result.waitUntilFinish()).isEqualTo(PipelineResult.State.DONE);
      counts = RunCounts.of(result);
      watch.finished();
    }
    Path output = Path.of(options.getOutput());
    return new Run(
        counts,
        lines(output.resolve("results.jsonl")),
        lines(output.resolve("dead-letter.jsonl")),
        said.toString().lines().toList());
  }

  /** Returns the requests of the manifest as a run with these options prepares them, by id. */
  Map<String, PreparedRequest> prepared(String... arguments) throws IOException {
    LongtakeOptions options = options(arguments);
    TakePlanner planner =
        registry().takePlanner(PipelineSpec.from(options).takePlanner()).create(options);
    RequestPreparer preparer =
        new RequestPreparer(RenderSettings.of(options, engines), engines, planner);
    Map<String, PreparedRequest> prepared = new TreeMap<>();
    WorkStore store = WorkStores.open(root.resolve("prepared").toString());
    try (InputStream manifest = Files.newInputStream(Path.of(options.getManifest()))) {
      new ManifestReader(options.getManifest(), options.getSeed())
          .read(
              manifest,
              new ManifestSink() {
                @Override
                public void request(RenderRequest request) {
                  try (Scratch scratch = Scratch.create()) {
                    prepared.put(
                        request.getId(), preparer.prepare(request, store, scratch.directory()));
                  } catch (IOException | RequestFaultException e) {
                    throw new AssertionError(request.getId(), e);
                  }
                }

                @Override
                public void failed(FailedRequest failure) {
                  throw new AssertionError(failure);
                }
              });
    }
    return prepared;
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file, UTF_8)) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  /** Returns the files below the work store whose path contains {@code part}, in order. */
  List<Path> stored(String part) throws IOException {
    return stored(workDir(), part);
  }

  /** Returns the files below a directory whose path in it contains {@code part}, in order. */
  static List<Path> stored(Path directory, String part) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> directory.relativize(file).toString().contains(part))
          .sorted()
          .toList();
    }
  }

  /** Returns a file's SHA-256. */
  static String sha256(Path file) throws IOException {
    return Hashing.sha256().hashBytes(Files.readAllBytes(file)).toString();
  }
}
