package dev.longtake.transforms.settings;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.longtake.pipeline.options.Continuity;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.store.WorkStore;
import dev.longtake.pipeline.store.WorkStores;
import dev.longtake.runtime.api.CheckpointInfo;
import dev.longtake.runtime.api.DeviceInfo;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.Fidelity;
import dev.longtake.runtime.api.FrameSize;
import dev.longtake.runtime.api.GpuTeam;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.runtime.api.MemorySize;
import dev.longtake.runtime.api.Precision;
import dev.longtake.transforms.request.RequestFaultException;
import dev.longtake.transforms.request.VideoSize;
import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How videos are rendered: the options, checked and completed from the checkpoint.
 *
 * @param store the work store
 * @param output directory of the finished videos, no trailing slash
 * @param runId names the run within the process that follows it
 * @param checkpointDir readable from every worker
 * @param checkpointDigest of weights and settings
 * @param audioLeadFrames video frames of silence in front of a video's speech
 * @param numericsVersion of the engine
 * @param areaPixels most pixels of a frame, where a request does not say
 * @param continuity how takes hang together
 * @param inferFrames video frames that are made for a clip
 * @param sampleSteps denoising steps
 * @param mostClips of a video, or null for as many as the speech needs
 * @param device what computes
 * @param deviceDescription what that is and why it was chosen, for people
 * @param strategy how the model is placed, or {@code auto} for each device's own
 * @param precision of the transformer
 * @param kvPrecision of cached keys and values
 * @param fidelity whether pixels may differ from those of what was asked for
 * @param lanes takes in progress at once on a device, or {@link EngineConfig#LANES_AUTO}
 * @param budgetBytes most memory to use on the device
 * @param cpuThreads threads that compute on the CPU
 * @param team how several devices share the work on a video
 * @param devices that workers lease
 */
public record RenderSettings(
    WorkStore store,
    String output,
    String runId,
    String checkpointDir,
    String checkpointDigest,
    int audioLeadFrames,
    int numericsVersion,
    long areaPixels,
    Continuity continuity,
    int inferFrames,
    int sampleSteps,
    @Nullable Integer mostClips,
    String device,
    String deviceDescription,
    String strategy,
    Precision precision,
    Precision kvPrecision,
    Fidelity fidelity,
    int lanes,
    long budgetBytes,
    int cpuThreads,
    GpuTeam team,
    WorkerDevices devices)
    implements Serializable {
  private static final String AUTO = "auto";
  private static final String OFFICIAL_SIZE = "720*400";
  private static final int BLOCK_FRAMES = 12;
  private static final List<String> STRATEGIES = List.of("resident", "offload", "sharded", "tpp");
  private static final int LANES_ON_CPU = 2;

  /**
   * Checks options and checkpoint.
   *
   * @throws IllegalArgumentException if an option is invalid; the message names it
   * @throws dev.longtake.runtime.api.LongtakeException INVALID_CHECKPOINT
   */
  public static RenderSettings of(LongtakeOptions options, EngineSource engines) {
    return of(options, engines, engines.provider().digest(options.getCheckpoint()));
  }

  /**
   * Returns settings that say how an engine is opened, and not of which weights: quicker.
   *
   * @throws IllegalArgumentException if an option is invalid; the message names it
   * @throws dev.longtake.runtime.api.LongtakeException INVALID_CHECKPOINT
   */
  public static RenderSettings withoutDigest(LongtakeOptions options, EngineSource engines) {
    return of(options, engines, "");
  }

  private static RenderSettings of(
      LongtakeOptions options, EngineSource engines, String checkpointDigest) {
    CheckpointInfo checkpoint = engines.provider().describe(options.getCheckpoint());
    DeviceInfo device = device(options, engines);
    Precision precision = precision("--precision", options.getPrecision(), device);
    return new RenderSettings(
        WorkStores.open(options.getWorkDir()),
        withoutSlash(options.getOutput()),
        options.getRunId(),
        options.getCheckpoint(),
        checkpointDigest,
        checkpoint.audioLeadFrames(),
        checkpoint.numericsVersion(),
        areaPixels(options, checkpoint),
        Continuity.of(options.getContinuity()),
        inferFrames(options.getInferFrames()),
        atLeastOne("--sampleSteps", options.getSampleSteps()),
        options.getNumClip() == null ? null : atLeastOne("--numClip", options.getNumClip()),
        device.device(),
        device.description(),
        strategy(options.getStrategy()),
        precision,
        options.getKvPrecision() == null
            ? usualKvPrecision(precision)
            : precision("--kvPrecision", options.getKvPrecision(), device),
        options.getAllowDegrade() ? Fidelity.MAY_DEGRADE : Fidelity.AS_ASKED,
        lanes(options.getLanes(), device),
        options.getVramLimit() == null
            ? Long.MAX_VALUE
            : MemorySize.parse("--vramLimit", options.getVramLimit()),
        options.getCpuThreads() == null
            ? Runtime.getRuntime().availableProcessors()
            : atLeastOne("--cpuThreads", options.getCpuThreads()),
        new GpuTeam(
            options.getNumGpusDit() == null
                ? 0
                : atLeastOne("--numGpusDit", options.getNumGpusDit()),
            options.getEnableVaeParallel(),
            atLeastOne("--ulyssesSize", options.getUlyssesSize())),
        workerDevices(options, device));
  }

  /**
   * Returns how many takes can be in progress at once, at most, on all devices of this process.
   *
   * @throws IllegalArgumentException if an option is invalid; the message names it
   * @throws dev.longtake.runtime.api.LongtakeException if there is no such device
   */
  public static int takesAtOnce(LongtakeOptions options, EngineSource engines) {
    DeviceInfo device = device(options, engines);
    WorkerDevices own = workerDevices(options, device).here();
    int devices = engines.provider().devices(own.device(), own.cpuDevices()).size();
    int lanes = lanes(options.getLanes(), device);
    return devices * (lanes == EngineConfig.LANES_AUTO ? EngineConfig.MOST_LANES : lanes);
  }

  private static WorkerDevices workerDevices(LongtakeOptions options, DeviceInfo device) {
    return new WorkerDevices(
        workerDevice(options, device),
        cpuDevices(options),
        options.getLeaseDir(),
        options.getWorkersElsewhere());
  }

  /** Returns what computes: on this machine, unless workers are elsewhere and the kind is said. */
  private static DeviceInfo device(LongtakeOptions options, EngineSource engines) {
    String asked = options.getDevice().toLowerCase(Locale.ROOT);
    EngineProvider provider = engines.provider();
    if (!cpuDevices(options).isEmpty()) {
      provider.devices(asked, cpuDevices(options)); // or refuses them
      return provider.deviceElsewhere("cpu");
    }
    return options.getWorkersElsewhere() && !asked.equals(AUTO)
        ? provider.deviceElsewhere(asked)
        : provider.device(asked);
  }

  /** Returns what a worker looks for: where nobody names a GPU, all that it has. */
  private static String workerDevice(LongtakeOptions options, DeviceInfo device) {
    String asked = options.getDevice().toLowerCase(Locale.ROOT);
    if (!asked.equals(AUTO)) {
      return asked;
    }
    return device.device().equals("cpu") ? "cpu" : "cuda";
  }

  private static String cpuDevices(LongtakeOptions options) {
    return options.getCpuDevices() == null ? "" : options.getCpuDevices();
  }

  /**
   * Returns about how many seconds make a take.
   *
   * @throws IllegalArgumentException if the option is invalid; the message names it
   */
  public static int takeSeconds(LongtakeOptions options, EngineSource engines) {
    Integer asked = options.getTakeSeconds();
    return asked == null
        ? engines.provider().describe(options.getCheckpoint()).takeSeconds()
        : atLeastOne("--takeSeconds", asked);
  }

  /** Returns the size of a video with a square picture that is large enough. */
  public FrameSize squareFrame(EngineProvider provider) {
    int side = (int) Math.ceil(Math.sqrt((double) areaPixels));
    return provider.frameSize(side, side, areaPixels);
  }

  /** Returns what an engine for videos of one size is opened with on a device. */
  public EngineConfig engine(int width, int height, LeasableDevice where) {
    return new EngineConfig(
            checkpointDir,
            where.device(),
            strategy,
            precision,
            height,
            width,
            inferFrames,
            sampleSteps,
            lanes,
            cpuThreads,
            Math.min(budgetBytes, where.memoryBytes()),
            kvPrecision)
        .withFidelity(fidelity)
        .withTeam(team);
  }

  /** Returns the precisions that pixels depend on, in a word: all that are allowed are one. */
  public String precisions() {
    String asked =
        kvPrecision == usualKvPrecision(precision)
            ? precision.name()
            : precision + "_KV_" + kvPrecision;
    return fidelity == Fidelity.AS_ASKED ? asked : asked + "_OR_LOWER";
  }

  private static Precision usualKvPrecision(Precision precision) {
    return precision == Precision.FP8 ? Precision.BF16 : precision;
  }

  private static long areaPixels(LongtakeOptions options, CheckpointInfo checkpoint) {
    String size = options.getSize();
    if (size == null) {
      size = checkpoint.size().map(own -> own.width() + "*" + own.height()).orElse(OFFICIAL_SIZE);
    }
    try {
      return VideoSize.parse(size).areaPixels();
    } catch (RequestFaultException e) {
      throw new IllegalArgumentException("--size: " + e.getMessage(), e);
    }
  }

  private static int inferFrames(int frames) {
    if (frames < BLOCK_FRAMES || frames % BLOCK_FRAMES != 0) {
      throw new IllegalArgumentException(
          "--inferFrames must be a positive multiple of %d, for example 48, but was %d."
              .formatted(BLOCK_FRAMES, frames));
    }
    return frames;
  }

  private static int atLeastOne(String option, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "%s must be at least 1, but was %d.".formatted(option, value));
    }
    return value;
  }

  private static Precision precision(String option, @Nullable String asked, DeviceInfo device) {
    if (asked == null || asked.equalsIgnoreCase(AUTO)) {
      return device.precisions().get(0);
    }
    for (Precision precision : device.precisions()) {
      if (precision.name().equalsIgnoreCase(asked)) {
        return precision;
      }
    }
    throw new IllegalArgumentException(
        "%s=%s is nothing that %s computes in. Choose %s."
            .formatted(
                option,
                asked,
                device.device(),
                device.precisions().stream()
                    .map(precision -> precision.name().toLowerCase(Locale.ROOT))
                    .collect(joining(" or "))));
  }

  /** Returns the takes in progress at once; for a GPU, its engine finds out how many are best. */
  private static int lanes(@Nullable Integer asked, DeviceInfo device) {
    if (asked != null) {
      return atLeastOne("--lanes", asked);
    }
    return device.device().equals("cpu") ? LANES_ON_CPU : EngineConfig.LANES_AUTO;
  }

  /**
   * Returns the strategy that was asked for; each worker chooses one for its device if none was.
   */
  private static String strategy(String asked) {
    String lower = asked.toLowerCase(Locale.ROOT);
    if (!lower.equals(AUTO) && !STRATEGIES.contains(lower)) {
      throw new IllegalArgumentException(
          "--strategy=%s is not available in this version. Choose %s or auto."
              .formatted(asked, String.join(", ", STRATEGIES)));
    }
    return lower;
  }

  private static String withoutSlash(String directory) {
    requireNonNull(directory, "directory");
    return directory.length() > 1 && directory.endsWith("/")
        ? directory.substring(0, directory.length() - 1)
        : directory;
  }
}
