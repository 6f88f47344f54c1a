package dev.longtake.transforms.render;

import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.spi.Forecast;
import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.FrameSize;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.transforms.records.TakeRecord;
import dev.longtake.transforms.records.VideoRecord;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.RenderSettings;
import dev.longtake.transforms.split.ClipPlanner;
import dev.longtake.transforms.stitch.PublishedVideos;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Forecasts by trial: for every size of video it opens the engine, renders a clip to warm up and
 * another one to measure, and keeps neither.
 */
public final class LiveAvatarForecast implements Forecast {
  private static final int TRIAL_CLIPS = 2;
  private static final double NANOS = 1e9;

  private final RenderSettings settings;
  private final EngineSource engines;
  private final ClipPlanner planner;
  private final TakeEntries entries;
  private final Map<FrameSize, Speed> speeds = new HashMap<>();

  /** What was measured at one size. */
  private record Speed(double conditionSeconds, double clipSeconds) {}

  /** Creates a forecast; opens nothing yet. */
  public LiveAvatarForecast(RenderSettings settings, EngineSource engines) {
    this.settings = settings;
    this.engines = engines;
    this.planner = new ClipPlanner(settings.inferFrames());
    this.entries = new TakeEntries(settings.store());
  }

  @Override
  public int clips(PreparedRequest request) {
    return request.getTakes().stream().mapToInt(take -> planner.count(take.getFrames())).sum();
  }

  @Override
  public int clipsReused(PreparedRequest request) throws IOException {
    Optional<VideoRecord> published = new PublishedVideos(settings).find(request);
    if (published.isPresent()) {
      return clips(request);
    }
    int reused = 0;
    for (PlannedTake take : request.getTakes()) {
      reused +=
          entries.find(request, take).map(TakeRecord::clips).map(clips -> clips.size()).orElse(0);
    }
    return reused;
  }

  @Override
  public double renderSeconds(PreparedRequest request) throws IOException {
    int left = clips(request) - clipsReused(request);
    if (left == 0) {
      return 0;
    }
    FrameSize size = new FrameSize(request.getWidth(), request.getHeight());
    Speed speed = speeds.get(size);
    if (speed == null) {
      speed = measure(request);
      speeds.put(size, speed);
    }
    return speed.conditionSeconds() + left * speed.clipSeconds();
  }

  @Override
  public String basis() {
    StringBuilder text = new StringBuilder();
    speeds.forEach(
        (size, speed) ->
            text.append(text.isEmpty() ? "measured just now: " : ", ")
                .append(
                    String.format(
                        Locale.ROOT,
                        "%.1f fps at %dx%d",
                        settings.inferFrames() / speed.clipSeconds(),
                        size.width(),
                        size.height())));
    return text.isEmpty() ? "nothing is left to render" : text.toString();
  }

  @Override
  public void close() {}

  private Speed measure(PreparedRequest request) throws IOException {
    EnginePool pool = EnginePool.of(settings.devices().here());
    pool.hold();
    try (EngineLease lease =
        pool.acquire(
            engines,
            device -> settings.engine(request.getWidth(), request.getHeight(), device),
            Company.SHARED)) {
      AvatarEngine engine = lease.engine();
      long started = System.nanoTime();
      Conditions conditions =
          new Conditions(request, settings.store(), engine, settings.audioLeadFrames());
      PlannedTake take = request.getTakes().get(0);
      try (TakeSession session = engine.open(conditions.of(take, Optional.empty()))) {
        double conditionSeconds = secondsSince(started);
        double clipSeconds = 0;
        for (int clip = 0; clip < TRIAL_CLIPS; clip++) {
          long clipStarted = System.nanoTime();
          session.renderClip((frame, rgb) -> {});
          clipSeconds = secondsSince(clipStarted);
        }
        return new Speed(conditionSeconds, clipSeconds);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for a device");
    } finally {
      pool.letGo();
    }
  }

  private static double secondsSince(long startedNanos) {
    return (System.nanoTime() - startedNanos) / NANOS;
  }
}
