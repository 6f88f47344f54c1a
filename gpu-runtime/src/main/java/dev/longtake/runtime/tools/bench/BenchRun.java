package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.LongtakeEngine;
import dev.longtake.runtime.engine.ModelSource;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.engine.device.Timeline;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One rendering and how long its parts took.
 *
 * @param device what it ran on
 * @param plan where its memory went
 * @param seconds by phase, in order
 * @param plannedHostBytes of pinned host memory
 * @param frames that were rendered, by all lanes
 * @param endToEndSeconds from the open engine to the last frame
 * @param operations of one more clip, on a GPU
 * @param clipBlocks frame blocks of that clip
 * @param driverPeakBytes in use at the end by the driver's account, or null where there is none
 */
record BenchRun(
    String device,
    String plan,
    long plannedBytes,
    long plannedHostBytes,
    Map<String, Double> seconds,
    BlockTimes blocks,
    ForwardWork work,
    int frames,
    double endToEndSeconds,
    List<TimedOps.Measured> operations,
    int clipBlocks,
    @Nullable Long driverPeakBytes) {
  private static final double FRAME_RATE_FPS = 25;
  private static final double SAMPLE_RATE_HZ = 16_000;
  private static final double NANOS = 1e9;

  /** Renders a video as long as the speech. */
  static BenchRun of(
      EngineConfig config,
      DeviceChoice choice,
      ModelSource source,
      Picture picture,
      float[] samples,
      String prompt) {
    Phases phases = new Phases();
    try (LongtakeEngine engine =
        LongtakeEngine.open(
            config, source, () -> new TimedDevice(choice.open(config.cpuThreads())))) {
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
      LongtakeEngine engine, EngineConfig config, List<TakeSpec> specs, int wanted, Phases phases) {
    ComputeDevice device = engine.device();
    TimedOps ops = (TimedOps) engine.ops();
    try (Timeline timeline = device.openTimeline(ops)) {
      int begin = timeline.mark();
      try (BenchLanes lanes = BenchLanes.render(engine, specs, timeline, ops, wanted)) {
        phases.end("take");
        BlockTimes times =
            BlockTimes.of(timeline, lanes.blocks(), wholeBlockFrames(config, engine));
        phases.put(
            "conditions",
            timeline.millisBetween(begin, lanes.blocks().get(0).get(0).begin()) / 1000);
        long usedBytes = device.usedBytes();
        List<TimedOps.Measured> operations = List.of();
        if (usedBytes > 0) {
          ops.begin(timeline);
          lanes.renderOneMoreClip();
          operations = ops.end();
        }
        return new BenchRun(
            device.description(),
            engine.memoryPlan(),
            engine.plannedBytes(),
            engine.plannedHostBytes(),
            phases.seconds(),
            times,
            ForwardWork.of(engine.shape()),
            specs.size() * wanted,
            phases.sinceOpen(),
            operations,
            engine.shape().model().blocks(),
            usedBytes > 0 ? usedBytes : null);
      }
    }
  }

  private static int wholeBlockFrames(EngineConfig config, LongtakeEngine engine) {
    return config.clipFrames() / engine.shape().model().blocks();
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
