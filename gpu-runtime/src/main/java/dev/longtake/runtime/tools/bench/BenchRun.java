package dev.longtake.runtime.tools.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.GenerationListener;
import dev.longtake.runtime.engine.LongtakeEngine;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One rendering and how long its parts took. */
final class BenchRun implements GenerationListener {
  private static final double FRAME_RATE_FPS = 25;
  private static final double SAMPLE_RATE_HZ = 16_000;
  private static final double NANOS = 1e9;
  private static final double MIB = 1 << 20;

  private final EngineConfig config;
  private final Map<String, Double> seconds = new LinkedHashMap<>();
  private final List<Double> forwardMillis = new ArrayList<>();
  private String plan = "";
  private int frames;
  private long mark = System.nanoTime();
  private long forwardMark;

  private BenchRun(EngineConfig config) {
    this.config = config;
  }

  /** Renders a video as long as the speech. */
  static BenchRun of(EngineConfig config, Picture picture, float[] samples, String prompt) {
    BenchRun run = new BenchRun(config);
    run.render(picture, samples, prompt);
    return run;
  }

  private void render(Picture picture, float[] samples, String prompt) {
    int wanted = (int) Math.ceil(samples.length / SAMPLE_RATE_HZ * FRAME_RATE_FPS);
    Checkpoint checkpoint = Checkpoint.open(Path.of(config.checkpointDir()));
    int silentFrames = checkpoint.settings().audioLeadFrames();
    try (LongtakeEngine engine = LongtakeEngine.open(config, checkpoint)) {
      plan = engine.memoryPlan();
      lap("open");
      HostValues text = engine.encodePrompt(prompt);
      lap("prompt");
      HostValues audio = engine.encodeAudio(samples, silentFrames);
      lap("speech");
      PictureLatents latents = engine.encodePicture(picture);
      lap("picture");
      TakeSpec spec = TakeSpec.first(text, latents, audio, 0);
      try (TakeSession take = engine.open(spec, new TakeRandom(0, 0), this)) {
        lap("conditions");
        forwardMark = mark;
        while (take.frames() < wanted) {
          take.renderClip((frame, rgb) -> {});
          lap("decode");
        }
        frames = Math.min(wanted, take.frames());
      }
    }
    lap("close");
  }

  @Override
  public void velocity(int clip, int block, int step, Tensor velocity) {
    long now = System.nanoTime();
    forwardMillis.add((now - forwardMark) / 1e6);
    forwardMark = now;
  }

  @Override
  public void latents(int clip, int block, Tensor latents) {
    lap("denoise");
  }

  @Override
  public void blockStarted(int clip, int block) {
    lap("decode");
    forwardMark = mark;
  }

  private void lap(String phase) {
    long now = System.nanoTime();
    seconds.merge(phase, (now - mark) / NANOS, Double::sum);
    mark = now;
  }

  private double total() {
    return seconds.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  private double framesPerSecond(String phase) {
    return frames / seconds.getOrDefault(phase, Double.NaN);
  }

  String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s at %dx%d, %s, %d threads%nmemory plan: %s%n%n",
            config.checkpointDir(),
            config.width(),
            config.height(),
            config.strategy(),
            config.cpuThreads(),
            plan));
    seconds.forEach(
        (phase, time) ->
            text.append(
                String.format(
                    Locale.ROOT, "%-12s %8.2f s %5.1f %%%n", phase, time, 100 * time / total())));
    text.append(
        String.format(
            Locale.ROOT,
            "%-12s %8.2f s%n%n%d frames: %.2f fps end to end, %.2f fps denoise, %.2f fps decode%n"
                + "forward %.1f ms (median), peak resident memory %.0f MiB%n",
            "all",
            total(),
            frames,
            frames / total(),
            framesPerSecond("denoise"),
            framesPerSecond("decode"),
            medianForwardMillis(),
            peakResidentBytes() / MIB));
    return text.toString();
  }

  String json(String command) {
    Map<String, @Nullable Object> record = new LinkedHashMap<>();
    record.put("device", config.device() + ", " + config.cpuThreads() + " threads");
    record.put("date", LocalDate.now(java.time.ZoneOffset.UTC).toString());
    record.put("command", command);
    record.put("shape", config.checkpointDir());
    record.put("size", config.width() + "*" + config.height());
    record.put("strategy", config.strategy());
    record.put("precision", config.precision().name().toLowerCase(Locale.ROOT));
    record.put("lanes", config.lanes());
    record.put("forward_ms_median", medianForwardMillis());
    record.put("forward_ms_min", Collections.min(forwardMillis));
    record.put("dit_fps", framesPerSecond("denoise"));
    record.put("e2e_fps", frames / total());
    record.put("vae_decode_fps", framesPerSecond("decode"));
    record.put("startup_s", seconds.get("open"));
    record.put("peak_resident_bytes", peakResidentBytes());
    try {
      return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(record) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("numbers and strings are always JSON", e);
    }
  }

  private double medianForwardMillis() {
    List<Double> sorted = new ArrayList<>(forwardMillis);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }

  /** Returns the kernel's own account of this process, or 0 where it keeps none. */
  private static long peakResidentBytes() {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    try {
      return Files.readAllLines(status).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("reading " + status, e);
    }
  }
}
