package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;
import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderedVideo;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Shows how far the running videos are.
 *
 * <p>Who renders calls {@link #videoStarted}, {@link #clipDone}, {@link #videoDone} and {@link
 * #videoFailed}: they note a few numbers and never write, so that a terminal that has stopped does
 * not stop the rendering. Who shows calls {@link #draw}, as {@link RunFollower} does.
 *
 * <p>Every event may come twice, as retries do, and changes nothing the second time. Safe for use
 * by several threads.
 */
public final class ProgressView implements AutoCloseable {
  private static final double NANOS = 1e9;

  private final InstantSource clock;
  private final Instant started;
  private final boolean saysStarted;

  private final Object drawing = new Object();

  @GuardedBy("drawing")
  private final ProgressOutput output;

  private final Object state = new Object(); // held for a moment only, never while writing

  @GuardedBy("state")
  private final Map<String, RunningVideo> running = new LinkedHashMap<>();

  @GuardedBy("state")
  private final Set<String> finished = new HashSet<>(); // ids

  @GuardedBy("state")
  private final Set<String> failures = new HashSet<>(); // line and id: a line may have no id

  @GuardedBy("state")
  private final List<String> news = new ArrayList<>();

  @GuardedBy("state")
  private int done;

  @GuardedBy("state")
  private int untouched;

  @GuardedBy("state")
  private int failed;

  private ProgressView(ProgressOutput output, boolean saysStarted, InstantSource clock) {
    this.output = output;
    this.saysStarted = saysStarted;
    this.clock = clock;
    this.started = clock.instant();
  }

  /**
   * Returns a view that redraws a line per running video in place, with ANSI sequences.
   *
   * @param out the terminal; written to by {@link #draw} and {@link #close} alone, not closed
   * @param columns the terminal's width, at least 20
   * @param rows the terminal's height, at least 4
   */
  public static ProgressView onTerminal(
      Appendable out, InstantSource clock, int columns, int rows) {
    requireNonNull(out, "out");
    checkArgument(columns >= 20, "columns must be at least 20, but was %s", columns);
    checkArgument(rows >= 4, "rows must be at least 4, but was %s", rows);
    return new ProgressView(new TerminalScreen(out, columns, rows), false, clock);
  }

  /**
   * Returns a view that logs plain lines: on a video's start, on its end, and between them when
   * clips were done.
   *
   * @param out the log; written to by {@link #draw} and {@link #close} alone, not closed
   * @param every the least time between two lines on one video, not negative
   */
  public static ProgressView asLog(Appendable out, InstantSource clock, Duration every) {
    requireNonNull(out, "out");
    checkArgument(!every.isNegative(), "every must not be negative, but was %s", every);
    return new ProgressView(new PlainLog(out, every), true, clock);
  }

  /**
   * Notes that a video is worked on.
   *
   * @param line the line of the manifest
   * @param clips its clips, at least 1
   * @param frames its video frames, at least 1
   */
  public void videoStarted(int line, String id, int clips, int frames) {
    requireNonNull(id, "id");
    checkArgument(clips >= 1, "clips of '%s' must be at least 1, but was %s", id, clips);
    checkArgument(frames >= 1, "frames of '%s' must be at least 1, but was %s", id, frames);
    Instant now = clock.instant();
    synchronized (state) {
      if (finished.contains(id) || running.containsKey(id)) {
        return;
      }
      running.put(id, new RunningVideo(line, clips, frames, now));
      if (saysStarted) {
        news.add(
            "%s: started, %s".formatted(TerminalText.plain(id), Quantity.count(clips, "clip")));
      }
    }
  }

  /**
   * Notes that a clip of a started video is in the work store.
   *
   * @param take the index of its take
   * @param clip its index in the take
   * @param frames the video frames that are kept of it
   * @param reused whether an earlier run had rendered it
   * @throws IllegalStateException if the video was not started
   */
  public void clipDone(String id, int take, int clip, int frames, boolean reused) {
    requireNonNull(id, "id");
    Instant now = clock.instant();
    synchronized (state) {
      RunningVideo video = running.get(id);
      checkState(
          video != null || finished.contains(id),
          "A clip of video '%s' is done, but the video was not started.",
          id);
      if (video != null) {
        video.clipDone(take, clip, frames, reused, now);
      }
    }
  }

  /** Notes that a video is published, or was there already. */
  public void videoDone(RenderedVideo video) {
    Instant now = clock.instant();
    synchronized (state) {
      if (!finished.add(video.getId())) {
        return;
      }
      RunningVideo before = running.remove(video.getId());
      if (video.isUntouched()) {
        untouched++;
        return;
      }
      done++;
      news.add(describe(video, before, now));
    }
  }

  /** Notes that a request can never succeed. */
  public void videoFailed(FailedRequest failure) {
    String id = failure.getId();
    String name = id == null ? "line " + failure.getLine() : id;
    synchronized (state) {
      if (!failures.add(failure.getLine() + " " + name)) {
        return;
      }
      failed++;
      news.add(describe(name, failure));
      RunningVideo video = id == null ? null : running.get(id);
      // A line that was refused because it repeats the id of a good one does not end that one.
      if (video != null && video.line() == failure.getLine()) {
        running.remove(id);
        finished.add(id);
      }
    }
  }

  /** Has a line shown as it is, above the running videos: what else is written would be redrawn. */
  public void message(String line) {
    synchronized (state) {
      news.add(TerminalText.plain(line));
    }
  }

  /**
   * Shows how things stand, if that has changed; may wait for the terminal.
   *
   * @throws IOException if it cannot be written
   */
  public void draw() throws IOException {
    synchronized (drawing) {
      Instant now = clock.instant();
      List<String> newsNow;
      List<ProgressOutput.Status> statuses;
      String footer;
      synchronized (state) {
        newsNow = takeNews();
        statuses = statuses(now);
        footer = footer(now);
      }
      output.show(newsNow, statuses, footer, now);
    }
  }

  /**
   * Shows what is left to say and takes the lines of running videos away.
   *
   * @throws IOException if it cannot be written
   */
  @Override
  public void close() throws IOException {
    synchronized (drawing) {
      List<String> newsNow;
      synchronized (state) {
        newsNow = takeNews();
      }
      output.finish(newsNow);
    }
  }

  @GuardedBy("state")
  private List<String> takeNews() {
    List<String> taken = List.copyOf(news);
    news.clear();
    return taken;
  }

  @GuardedBy("state")
  private String footer(Instant now) {
    List<String> parts = new ArrayList<>();
    parts.add(Quantity.count(done, "video") + " done");
    if (untouched > 0) {
      parts.add(untouched + " untouched");
    }
    if (failed > 0) {
      parts.add(failed + " FAILED");
    }
    parts.add(running.size() + " running");
    parts.add(Quantity.clock(secondsBetween(started, now)) + " elapsed");
    return String.join(", ", parts);
  }

  @GuardedBy("state")
  private List<ProgressOutput.Status> statuses(Instant now) {
    List<ProgressOutput.Status> statuses = new ArrayList<>();
    running.forEach(
        (id, video) ->
            statuses.add(
                new ProgressOutput.Status(
                    TerminalText.plain(id),
                    video.clips(),
                    video.clipsDone(),
                    video.framesPerSecond(),
                    video.secondsLeft(now))));
    return statuses;
  }

  private static String describe(RenderedVideo video, @Nullable RunningVideo before, Instant now) {
    StringBuilder text = new StringBuilder(video.getId()).append(": done");
    if (before != null) {
      text.append(" in ").append(Quantity.clock(secondsBetween(before.started(), now)));
    }
    text.append(", ").append(Quantity.length(video.getSeconds())).append(" of video");
    double framesPerSecond = ResultsFile.framesPerSecond(video);
    if (Double.isFinite(framesPerSecond)) {
      text.append(", ").append(Quantity.rate(framesPerSecond)).append(" fps");
    }
    text.append(", ").append(Quantity.count(video.getClips(), "clip"));
    if (video.getClipsReused() > 0) {
      text.append(" (").append(video.getClipsReused()).append(" reused)");
    }
    return TerminalText.plain(text.append(": ").append(video.getLocation()).toString());
  }

  private static String describe(String name, FailedRequest failure) {
    return TerminalText.plain(
        "%s: FAILED in %s, %s: %s"
            .formatted(name, failure.getStage(), failure.getCode(), failure.getMessage()));
  }

  private static double secondsBetween(Instant start, Instant end) {
    return Math.max(0, Duration.between(start, end).toNanos() / NANOS); // clocks may be set back
  }
}
