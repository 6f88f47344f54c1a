package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderedVideo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The last lines a run says: what was done, what was not, and where to look. */
public final class RunSummary {
  private static final int MOST_FAILURES = 5; // the file lists them all
  private static final double NANOS = 1e9;

  private RunSummary() {}

  /**
   * Returns the lines, free of characters that steer a terminal.
   *
   * @param videos all finished videos, those that were there already among them
   * @param failures all requests that can never succeed
   * @param wallTime how long the run took, not negative
   * @param output the directory of videos and results, as the user wrote it, no trailing slash
   * @param hasReport whether there is a report to point at
   */
  public static List<String> lines(
      Collection<RenderedVideo> videos,
      Collection<FailedRequest> failures,
      Duration wallTime,
      String output,
      boolean hasReport) {
    checkArgument(!wallTime.isNegative(), "wallTime must not be negative, but was %s", wallTime);
    List<FailedRequest> failed = DeadLetterFile.sorted(failures);
    List<String> lines = new ArrayList<>();
    lines.add(headline(videos, failed.size(), wallTime));
    failed.stream().limit(MOST_FAILURES).forEach(failure -> lines.add("  " + describe(failure)));
    if (failed.size() > MOST_FAILURES) {
      lines.add("  and %d more".formatted(failed.size() - MOST_FAILURES));
    }
    if (videos.size() == 1) {
      lines.add("video:   " + videos.iterator().next().getLocation());
    } else if (!videos.isEmpty()) {
      lines.add("videos:  " + output);
    }
    lines.add("results: " + output + "/" + ResultsFile.NAME);
    if (!failed.isEmpty()) {
      lines.add(
          "failed:  %s/%s (mend these lines and run the same command again)"
              .formatted(output, DeadLetterFile.NAME));
    }
    if (hasReport) {
      lines.add("report:  " + output + "/" + Report.NAME);
    }
    return lines.stream().map(TerminalText::plain).toList();
  }

  private static String headline(Collection<RenderedVideo> videos, int failed, Duration wallTime) {
    List<RenderedVideo> made = videos.stream().filter(video -> !video.isUntouched()).toList();
    int untouched = videos.size() - made.size();
    String failures = failed == 0 ? "" : ", %d failed".formatted(failed);
    if (made.isEmpty() && untouched > 0 && failed == 0) {
      return untouched == 1
          ? "Nothing to do: the video is up to date."
          : "Nothing to do: all %d videos are up to date.".formatted(untouched);
    }
    String others = untouched == 0 ? "" : ", %d untouched (up to date)".formatted(untouched);
    StringBuilder text =
        new StringBuilder(Quantity.count(made.size(), "video"))
            .append(" done")
            .append(others)
            .append(failures);
    if (!made.isEmpty()) {
      double seconds = made.stream().mapToDouble(RenderedVideo::getSeconds).sum();
      text.append(": ").append(Quantity.length(seconds)).append(" of video");
    }
    text.append(" in ").append(Quantity.length(wallTime.toNanos() / NANOS));
    int reused = made.stream().mapToInt(RenderedVideo::getClipsReused).sum();
    if (reused > 0) {
      int clips = made.stream().mapToInt(RenderedVideo::getClips).sum();
      text.append(", %d of %d clips reused".formatted(reused, clips));
    }
    return text.append('.').toString();
  }

  private static String describe(FailedRequest failure) {
    String id = failure.getId();
    return "line %d%s, %s: %s: %s"
        .formatted(
            failure.getLine(),
            id == null ? "" : " (" + id + ")",
            failure.getStage(),
            failure.getCode(),
            failure.getMessage());
  }
}
