package dev.longtake.runtime.tools.bench;

import com.google.auto.service.AutoService;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.GpuTeam;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.MemorySize;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.engine.Engines;
import dev.longtake.runtime.engine.ModelSource;
import dev.longtake.runtime.engine.RandomModel;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.engine.device.DeviceList;
import dev.longtake.runtime.tools.DeviceOptions;
import dev.longtake.runtime.tools.media.MediaFiles;
import dev.longtake.runtime.weights.Checkpoint;
import dev.longtake.runtime.weights.CheckpointSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code longtake bench}. */
@SuppressWarnings("rawtypes") // a service type has no type arguments
@AutoService(Callable.class)
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Renders one video, keeps nothing of it, and reports where the time went.",
    footer = {
      "",
      "Frames per second end to end count everything from the open engine to the last frame:"
          + " prompt, speech, picture, denoising, decoding. Without --image and --speech both are"
          + " random numbers of a fixed seed. Forwards are those of clips after the first, whose"
          + " caches are full, if there are any. On a GPU one more clip is rendered with every"
          + " operation marked, and the ceilings are measured with the GPU's libraries afterwards.",
      "",
      "On several devices, for example two GPUs: --device=cuda:0,cuda:1 --strategy=tpp"
          + " --against=resident says how often as fast one video is rendered as on one of them,"
          + " and how long each stage works on a frame block.",
      "",
      "Exit codes: 0 done, 2 refused before starting."
    })
public final class BenchCommand implements Callable<Integer> {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,5})\\*(\\d{1,5})");
  private static final String OFFICIAL = "14b";
  private static final String DEMO_CHECKPOINT = "examples/demo/checkpoint";
  private static final int SAMPLE_RATE_HZ = 16_000;
  private static final long RANDOM_SEED = 1;

  @Spec private CommandSpec spec;
  @Mixin private DeviceOptions compute;

  @Option(
      names = "--shape",
      required = true,
      paramLabel = "14b|demo|DIR",
      description =
          "What to render with: random weights of the official shape, the demo model of the"
              + " directory examples/demo, or a checkpoint directory.")
  private String shape;

  @Option(
      names = "--size",
      paramLabel = "W*H",
      description =
          "Size of the video in pixels, multiples of 16. Default: the checkpoint's own size.")
  private @Nullable String size;

  @Option(
      names = "--seconds",
      defaultValue = "10",
      paramLabel = "N",
      description = "Length of random speech. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(names = "--image", paramLabel = "FILE", description = "A picture, PNG or JPEG.")
  private @Nullable Path image;

  @Option(
      names = "--speech",
      paramLabel = "FILE",
      description = "Speech, 16-bit mono WAV at 16 kHz.")
  private @Nullable Path speech;

  @Option(
      names = "--prompt",
      defaultValue = "A person speaks.",
      paramLabel = "TEXT",
      description = "What the video is of. Default: ${DEFAULT-VALUE}")
  private String prompt;

  @Option(
      names = "--inferFrames",
      defaultValue = "48",
      paramLabel = "N",
      description = "Frames of a clip, a multiple of 12. Default: ${DEFAULT-VALUE}.")
  private int clipFrames;

  @Option(
      names = "--sampleSteps",
      defaultValue = "4",
      paramLabel = "N",
      description = "Denoising steps. Default: ${DEFAULT-VALUE}.")
  private int sampleSteps;

  @Option(
      names = "--strategy",
      defaultValue = "resident",
      paramLabel = "NAME",
      description = "Where weights and caches are kept. Default: ${DEFAULT-VALUE}.")
  private String strategy;

  @Option(
      names = "--vramLimit",
      paramLabel = "N[MiB|GiB]",
      description =
          "Most memory to use on the device, its driver's included. Default: what it has.")
  private @Nullable String vramLimit;

  @Option(
      names = "--lanes",
      defaultValue = "1",
      paramLabel = "N",
      description =
          "Videos to render at once, each on a thread of its own. Frames per second are those of"
              + " all together. Default: ${DEFAULT-VALUE}.")
  private int lanes;

  @Option(
      names = "--numGpusDit",
      defaultValue = "0",
      paramLabel = "N",
      description = "With --strategy=tpp, devices that denoise. Default: what is best.")
  private int numGpusDit;

  @Option(
      names = "--enableVaeParallel",
      arity = "0..1",
      defaultValue = "true",
      fallbackValue = "true",
      paramLabel = "BOOL",
      description =
          "With --strategy=tpp, let a device that is left over decode. Default: ${DEFAULT-VALUE}.")
  private boolean enableVaeParallel;

  @Option(
      names = "--ulyssesSize",
      defaultValue = "1",
      paramLabel = "N",
      description =
          "With --strategy=sharded, devices that each have a part of the tokens and heads; with 1"
              + " they have a part of the layers. Default: ${DEFAULT-VALUE}.")
  private int ulyssesSize;

  @Option(
      names = "--against",
      paramLabel = "resident",
      description =
          "Render the same afterwards with this strategy, for comparison: on the first device if"
              + " there is one lane, else on all of them.")
  private @Nullable String against;

  @Option(
      names = "--operations",
      description = "Also report, on a GPU, how long every operation with the same shapes took.")
  private boolean operations;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Also write the figures to this file.")
  private @Nullable Path json;

  @Override
  public Integer call() throws IOException {
    DeviceList devices = compute.devices();
    devices.requireAvailable();
    if (against != null && !against.equals(Comparison.STRATEGY)) {
      throw refused(
          "--against=%s is nothing to compare with. Choose %s."
              .formatted(against, Comparison.STRATEGY));
    }
    boolean random = shape.equals(OFFICIAL);
    Path checkpoint = Path.of(shape.equals("demo") ? DEMO_CHECKPOINT : shape);
    if (!random && !Files.isDirectory(checkpoint)) {
      throw refused(
          "There is no checkpoint directory %s. Name one with --shape, or choose --shape=%s."
              .formatted(checkpoint, OFFICIAL));
    }
    CheckpointSettings.Size pixels = sizeInPixels(random ? null : checkpoint);
    EngineConfig config = config(random ? shape : checkpoint.toString(), pixels);
    try (ModelSource source = source(random, checkpoint)) {
      Engines.requireFits(config, source); // before devices are opened, which takes long
    }
    BenchRun run = run(config, random, checkpoint, pixels);
    Comparison comparison =
        against == null ? null : compare(config, devices, random, checkpoint, pixels);
    DeviceChoice choice = devices.choices().get(0);
    Ceilings ceilings = choice.gpu().isPresent() ? CudaCeilings.measure(choice, run.work()) : null;
    BenchReport report =
        new BenchReport(config, shape, commandLine(), run, ceilings, comparison, operations);
    spec.commandLine().getOut().print(report.text());
    spec.commandLine().getOut().flush();
    if (json != null) {
      Files.writeString(json, report.json());
    }
    return 0;
  }

  private BenchRun run(
      EngineConfig config, boolean random, Path checkpoint, CheckpointSettings.Size pixels) {
    return BenchRun.of(config, source(random, checkpoint), picture(pixels), samples(), prompt);
  }

  private static ModelSource source(boolean random, Path checkpoint) {
    return random
        ? RandomModel.ofOfficialShape(RANDOM_SEED)
        : ModelSource.of(Checkpoint.open(checkpoint), checkpoint.toString());
  }

  private Comparison compare(
      EngineConfig config,
      DeviceList devices,
      boolean random,
      Path checkpoint,
      CheckpointSettings.Size pixels) {
    EngineConfig other = Comparison.other(config, devices);
    BenchRun run = run(other, random, checkpoint, pixels);
    return new Comparison(run.devices().size(), run.takeFps());
  }

  private EngineConfig config(String checkpoint, CheckpointSettings.Size pixels) {
    return new EngineConfig(
            checkpoint,
            compute.device(),
            strategy,
            compute.precision(),
            pixels.height(),
            pixels.width(),
            clipFrames,
            sampleSteps,
            lanes,
            compute.threads(),
            budgetBytes(),
            compute.kvPrecision())
        .withTeam(new GpuTeam(numGpusDit, enableVaeParallel, ulyssesSize));
  }

  private long budgetBytes() {
    return vramLimit == null ? Long.MAX_VALUE : MemorySize.parse("--vramLimit", vramLimit);
  }

  private CheckpointSettings.Size sizeInPixels(@Nullable Path checkpoint) {
    if (size == null) {
      return Optional.ofNullable(checkpoint)
          .flatMap(directory -> CheckpointSettings.read(directory).size())
          .orElseThrow(
              () ->
                  refused(
                      "%s names no size of its own. Choose one with --size=W*H.".formatted(shape)));
    }
    Matcher matcher = SIZE.matcher(size);
    if (!matcher.matches()) {
      throw refused("--size must be W*H, for example 128*128, but was '%s'.".formatted(size));
    }
    return new CheckpointSettings.Size(
        Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  private Picture picture(CheckpointSettings.Size pixels) {
    if (image != null) {
      return MediaFiles.readPicture(image);
    }
    byte[] rgb = new byte[pixels.height() * pixels.width() * Picture.COLOURS];
    new Random(RANDOM_SEED).nextBytes(rgb);
    return new Picture(pixels.height(), pixels.width(), rgb);
  }

  private float[] samples() {
    if (speech != null) {
      return MediaFiles.readSpeech(speech);
    }
    Random random = new Random(RANDOM_SEED);
    float[] samples = new float[seconds * SAMPLE_RATE_HZ];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = random.nextFloat() - 0.5f;
    }
    return samples;
  }

  private String commandLine() {
    return "longtake " + String.join(" ", spec.commandLine().getParseResult().originalArgs());
  }

  private static LongtakeException refused(String message) {
    return new LongtakeException(ErrorCode.INVALID_CONFIG, message);
  }
}
