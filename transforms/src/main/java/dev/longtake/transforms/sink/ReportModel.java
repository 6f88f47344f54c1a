package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Comparator.comparingInt;
import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderedVideo;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that a report shows, but for the pictures.
 *
 * @param run the run as a whole
 * @param videos finished videos, in the order in which they are shown
 * @param failures requests that can never succeed; shown in the order of the manifest
 * @param memory the memory of the process, oldest first; may be empty
 * @param usage how its devices were used, those of a device oldest first; may be empty
 */
public record ReportModel(
    Run run,
    List<Video> videos,
    List<FailedRequest> failures,
    List<MemorySample> memory,
    List<UsageSample> usage) {
  public ReportModel {
    requireNonNull(run, "run");
    videos = List.copyOf(videos);
    failures = DeadLetterFile.sorted(failures);
    memory = List.copyOf(memory);
    usage = List.copyOf(usage);
  }

  /**
   * The run as a whole.
   *
   * @param version the program's version
   * @param commandLine what was typed
   * @param device what rendered, for people
   * @param strategy how the model was placed, and why, for people
   * @param output the directory of videos and report, spelled as in {@link
   *     RenderedVideo#getLocation}, without a trailing slash; what is in it is linked to
   * @param started when the run began
   * @param wallTime how long it took, not negative
   */
  public record Run(
      String version,
      String commandLine,
      String device,
      String strategy,
      String output,
      Instant started,
      Duration wallTime) {
    public Run {
      requireNonNull(version, "version");
      requireNonNull(commandLine, "commandLine");
      requireNonNull(device, "device");
      requireNonNull(strategy, "strategy");
      requireNonNull(output, "output");
      requireNonNull(started, "started");
      checkArgument(!wallTime.isNegative(), "wallTime must not be negative, but was %s", wallTime);
    }
  }

  /**
   * A finished video.
   *
   * @param video what is known of it as a whole
   * @param clips its clips; kept in the order of the video
   */
  public record Video(RenderedVideo video, List<Clip> clips) {
    public Video {
      requireNonNull(video, "video");
      clips =
          clips.stream().sorted(comparingInt(Clip::take).thenComparingInt(Clip::index)).toList();
    }

    /** Returns the frames that this run rendered. */
    long framesRendered() {
      return clips.stream().filter(clip -> !clip.reused()).mapToLong(Clip::frames).sum();
    }
  }

  /**
   * A clip of a video.
   *
   * @param take the index of its take
   * @param index its index in the take
   * @param frames the video frames that are kept of it, at least 1
   * @param renderSeconds how long it took to render, in this run or before; 0 when not known
   * @param reused whether an earlier run had rendered it
   * @param started when its rendering began; null when not known
   */
  public record Clip(
      int take,
      int index,
      int frames,
      double renderSeconds,
      boolean reused,
      @Nullable Instant started) {
    public Clip {
      checkArgument(frames >= 1, "frames must be at least 1, but was %s", frames);
      checkArgument(
          renderSeconds >= 0 && Double.isFinite(renderSeconds),
          "renderSeconds must be finite and not negative, but was %s",
          renderSeconds);
    }
  }
}
