package dev.longtake.runtime.tools.bench;

import static java.util.stream.Collectors.joining;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.Engines;
import dev.longtake.runtime.engine.ModelSource;
import dev.longtake.runtime.engine.OpenEngine;
import dev.longtake.runtime.engine.forecast.ForwardWork;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One rendering and how long its parts took.
 *
 * @param devices what it ran on
 * @param plan where its memory went
 * @param seconds by phase, in order
 * @param frames that were rendered, by all lanes
 * @param endToEndSeconds from the open engine to the last frame
 * @param operations of one more clip, on a GPU
 * @param clipBlocks frame blocks of that clip
 */
record BenchRun(
    List<Usage> devices,
    String plan,
    Map<String, Double> seconds,
    BlockTimes blocks,
    ForwardWork work,
    int frames,
    double endToEndSeconds,
    List<TimedOps.Measured> operations,
    int clipBlocks) {
  private static final double FRAME_RATE_FPS = 25;
  private static final double SAMPLE_RATE_HZ = 16_000;
  private static final double NANOS = 1e9;

  /**
   * What a device had to give.
   *
   * @param plannedBytes of its memory, {@code plannedHostBytes} of pinned host memory
   * @param driverPeakBytes in use at the end by the driver's account, or null where there is none
   */
  record Usage(
      String device, long plannedBytes, long plannedHostBytes, @Nullable Long driverPeakBytes) {
    static Usage of(OpenEngine.Part part) {
      long used = part.device().usedBytes();
      return new Usage(
          part.device().description(),
          part.memory().totalBytes(),
          part.memory().hostBytes(),
          used > 0 ? used : null);
    }
  }

  /**
   * Renders videos as long as the speech, one a lane.
   *
   * @param source closed when this returns
   */
  static BenchRun of(
      EngineConfig config, ModelSource source, Picture picture, float[] samples, String prompt) {
    Phases phases = new Phases();
    try (OpenEngine engine = Engines.open(config, source, TimedDevice::new)) {
      phases.end("open");
      HostValues text = engine.encodePrompt(prompt);
      phases.end("prompt");
      HostValues audio = engine.encodeAudio(samples, source.audioLeadFrames());
      phases.end("speech");
      PictureLatents latents = engine.encodePicture(picture);
      phases.end("picture");
      int wanted = (int) Math.ceil(samples.length / SAMPLE_RATE_HZ * FRAME_RATE_FPS);
      List<TakeSpec> specs =
          IntStream.range(0, config.lanes())
              .mapToObj(lane -> TakeSpec.first(text, latents, audio, lane))
              .toList();
      return render(engine, config, specs, wanted, phases);
    }
  }

  private static BenchRun render(
      OpenEngine engine, EngineConfig config, List<TakeSpec> specs, int wanted, Phases phases) {
    try (Clocks clocks = new Clocks();
        BenchLanes lanes = BenchLanes.render(engine, specs, clocks, wanted)) {
      phases.end("take");
      int blocks = engine.shape().model().blocks();
      BlockTimes times = BlockTimes.of(lanes.blocks(), config.clipFrames() / blocks);
      phases.put("conditions", lanes.conditionSeconds());
      List<Usage> usages = engine.parts().stream().map(Usage::of).toList();
      boolean onGpus = usages.get(0).driverPeakBytes() != null;
      return new BenchRun(
          usages,
          engine.memoryPlan(),
          phases.seconds(),
          times,
          ForwardWork.of(engine.shape().model()),
          specs.size() * wanted,
          phases.sinceOpen(),
          onGpus ? lanes.markOneMoreClip() : List.of(),
          blocks);
    }
  }

  /** Returns what it ran on, for people. */
  String device() {
    return devices.stream().map(Usage::device).collect(joining(", "));
  }

  /** Returns the bytes planned for the device that needs most, its driver's included. */
  long plannedBytes() {
    return devices.stream().mapToLong(Usage::plannedBytes).max().orElseThrow();
  }

  /** Returns the bytes of pinned host memory that were planned, for all devices together. */
  long plannedHostBytes() {
    return devices.stream().mapToLong(Usage::plannedHostBytes).sum();
  }

  /** Returns the most bytes in use on one device, or null where nobody keeps account. */
  @Nullable Long driverPeakBytes() {
    return devices.stream()
        .map(Usage::driverPeakBytes)
        .filter(Objects::nonNull)
        .max(Comparator.naturalOrder())
        .orElse(null);
  }

  /** Returns the frames a second from the beginning of the takes to the last frame. */
  double takeFps() {
    return frames / seconds.getOrDefault("take", Double.NaN);
  }

  /** Returns the milliseconds of the operations by part and family. */
  Map<String, Map<OpFamily, Double>> families() {
    Map<String, Map<OpFamily, Double>> families = new TreeMap<>();
    for (TimedOps.Measured measured : operations) {
      families
          .computeIfAbsent(measured.part(), part -> new EnumMap<>(OpFamily.class))
          .merge(measured.family(), measured.millis(), Double::sum);
    }
    return families;
  }

  /** Returns the seconds until the engine was open. */
  double startupSeconds() {
    return seconds.getOrDefault("open", Double.NaN);
  }

  /** What the host waited for, one after the other. */
  private static final class Phases {
    private final Map<String, Double> seconds = new LinkedHashMap<>();
    private long mark = System.nanoTime();

    void end(String phase) {
      long now = System.nanoTime();
      seconds.put(phase, (now - mark) / NANOS);
      mark = now;
    }

    /** Adds a part of the phase before. */
    void put(String part, double time) {
      seconds.put(part, time);
    }

    double sinceOpen() {
      return seconds.get("prompt")
          + seconds.get("speech")
          + seconds.get("picture")
          + seconds.get("take");
    }

    Map<String, Double> seconds() {
      return seconds;
    }
  }
}
