package dev.longtake.templates;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.templates.PlanTemplate.BatchPlan;
import dev.longtake.templates.PlanTemplate.PlannedVideo;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What {@code longtake plan} prints. */
final class PlanTable {
  private static final int FRAMES_PER_SECOND = 25;

  private PlanTable() {}

  /** Returns the lines. */
  static List<String> lines(BatchPlan plan) {
    List<String> lines = new ArrayList<>();
    lines.add(row("video", "size", "length", "takes", "clips", "reused", "time"));
    double seconds = 0;
    double renderSeconds = 0;
    int takes = 0;
    int clips = 0;
    int reused = 0;
    for (PlannedVideo video : plan.videos()) {
      var request = video.request();
      double length = (double) request.getFrames() / FRAMES_PER_SECOND;
      lines.add(
          row(
              request.getRequest().getId(),
              request.getWidth() + "x" + request.getHeight(),
              clock(length),
              Integer.toString(request.getTakes().size()),
              Integer.toString(video.clips()),
              Integer.toString(video.clipsReused()),
              clock(video.renderSeconds())));
      seconds += length;
      renderSeconds += video.renderSeconds();
      takes += request.getTakes().size();
      clips += video.clips();
      reused += video.clipsReused();
    }
    lines.add(
        row(
            "in total, " + plan.videos().size(),
            "",
            clock(seconds),
            Integer.toString(takes),
            Integer.toString(clips),
            Integer.toString(reused),
            clock(renderSeconds)));
    if (!plan.basis().isEmpty()) {
      lines.add("time: " + plan.basis() + "; videos one after the other");
    }
    for (FailedRequest failure : plan.failures()) {
      lines.add(
          "line %d cannot be rendered: %s: %s"
              .formatted(failure.getLine(), failure.getCode(), failure.getMessage()));
    }
    return lines;
  }

  private static String row(
      String video,
      String size,
      String length,
      String takes,
      String clips,
      String reused,
      String time) {
    return String.format(
            Locale.ROOT,
            "%-32s %9s %9s %6s %6s %8s %10s",
            video,
            size,
            length,
            takes,
            clips,
            reused,
            time)
        .stripTrailing();
  }

  private static String clock(double seconds) {
    if (!Double.isFinite(seconds)) {
      return "unknown";
    }
    long whole = Math.round(seconds);
    return whole >= 3600
        ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
        : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
  }
}
