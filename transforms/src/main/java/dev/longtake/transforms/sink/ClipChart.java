package dev.longtake.transforms.sink;

import dev.longtake.transforms.sink.ReportModel.Clip;
import dev.longtake.transforms.sink.ReportModel.Video;
import java.util.ArrayList;
import java.util.List;

/**
 * Draws a video's clips along its time: how fast each was, which were reused, where takes begin.
 */
final class ClipChart {
  private static final int MOST_BARS = 160; // neighbours share a bar in a longer video
  private static final double BARS_TOP = 18;
  private static final double BARS_FLOOR = 108;
  private static final double STRIP_TOP = 114;
  private static final double STRIP_HEIGHT = 18;
  private static final double STRIP_END = STRIP_TOP + STRIP_HEIGHT;
  private static final int HEIGHT = 156;
  private static final double TAKE_NAME = 3.5; // percent of the width that the number needs
  private static final double FILL = 0.86; // of a bar's room

  private final Video video;
  private final double frames;

  /** Clips side by side that are drawn as one; {@code first} and {@code end} are clip numbers. */
  private record Run(
      int take, boolean reused, int first, int end, long firstFrame, long frames, double seconds) {
    Run and(Run next) {
      return new Run(
          take, reused, first, next.end, firstFrame, frames + next.frames, seconds + next.seconds);
    }

    boolean looksLike(Run other) {
      return take == other.take && reused == other.reused;
    }

    double framesPerSecond() {
      return seconds > 0 ? frames / seconds : Double.NaN;
    }
  }

  private ClipChart(Video video) {
    this.video = video;
    this.frames = video.clips().stream().mapToLong(Clip::frames).sum();
  }

  /** Returns the drawing of {@code video}, which has at least one clip. */
  static String of(Video video) {
    return new ClipChart(video).draw();
  }

  private String draw() {
    List<Run> clips = clips();
    List<Run> bars = shared(clips);
    Chart chart =
        new Chart(
            "Frames per second of each clip, and which clips were rendered or reused", HEIGHT);
    double fastest =
        bars.stream().mapToDouble(Run::framesPerSecond).filter(Double::isFinite).max().orElse(0);
    if (fastest > 0) {
      drawSpeed(chart, bars, Quantity.roundUp(fastest));
    }
    drawStrip(chart, clips);
    return chart.timeAxis(video.video().getSeconds(), STRIP_END).end();
  }

  private void drawSpeed(Chart chart, List<Run> bars, double top) {
    double height = BARS_FLOOR - BARS_TOP;
    chart.across("grid", BARS_TOP).across("grid", BARS_TOP + height / 2);
    for (Run bar : bars) {
      double framesPerSecond = bar.framesPerSecond();
      if (Double.isFinite(framesPerSecond)) {
        double barHeight = Math.max(1, height * framesPerSecond / top);
        double width = percent(bar.frames);
        chart.bar(
            bar.reused ? "reused" : "rendered",
            percent(bar.firstFrame) + width * (1 - FILL) / 2,
            BARS_FLOOR - barHeight,
            width * FILL,
            barHeight,
            describe(bar) + ", " + Quantity.rate(framesPerSecond) + " fps");
      }
    }
    chart.across("base", BARS_FLOOR);
    chart.name("axis", BARS_TOP - 5, Quantity.scale(top) + " fps");
  }

  private void drawStrip(Chart chart, List<Run> clips) {
    List<Run> runs = new ArrayList<>();
    for (Run clip : clips) {
      int last = runs.size() - 1;
      if (last >= 0 && runs.get(last).looksLike(clip)) {
        runs.set(last, runs.get(last).and(clip));
      } else {
        runs.add(clip);
      }
    }
    for (Run run : runs) {
      chart.bar(
          run.reused ? "reused" : "rendered",
          percent(run.firstFrame),
          STRIP_TOP,
          percent(run.frames),
          STRIP_HEIGHT,
          describe(run));
    }
    for (int i = 0; i < runs.size(); ) {
      int next = i;
      double width = 0;
      while (next < runs.size() && runs.get(next).take == runs.get(i).take) {
        width += percent(runs.get(next).frames);
        next++;
      }
      double start = percent(runs.get(i).firstFrame);
      if (i > 0) {
        chart.down("take", start, BARS_TOP, STRIP_END);
      }
      if (width >= TAKE_NAME) {
        String name = Integer.toString(runs.get(i).take);
        chart.centred(
            runs.get(i).reused ? "on-reused" : "on-rendered",
            start + width / 2,
            STRIP_TOP + 13,
            name);
      }
      i = next;
    }
  }

  private List<Run> clips() {
    List<Run> runs = new ArrayList<>();
    long firstFrame = 0;
    for (Clip clip : video.clips()) {
      runs.add(
          new Run(
              clip.take(),
              clip.reused(),
              clip.index(),
              clip.index() + 1,
              firstFrame,
              clip.frames(),
              clip.renderSeconds()));
      firstFrame += clip.frames();
    }
    return runs;
  }

  private static List<Run> shared(List<Run> clips) {
    int clipsPerBar = (clips.size() + MOST_BARS - 1) / MOST_BARS;
    List<Run> bars = new ArrayList<>();
    for (Run clip : clips) {
      int last = bars.size() - 1;
      if (last >= 0
          && bars.get(last).looksLike(clip)
          && bars.get(last).end - bars.get(last).first < clipsPerBar) {
        bars.set(last, bars.get(last).and(clip));
      } else {
        bars.add(clip);
      }
    }
    return bars;
  }

  private double percent(long framesOfVideo) {
    return 100 * framesOfVideo / frames;
  }

  private static String describe(Run run) {
    String clips =
        run.end - run.first == 1
            ? "clip %d".formatted(run.first)
            : "clips %d to %d".formatted(run.first, run.end - 1);
    return "Take %d, %s, %s".formatted(run.take, clips, run.reused ? "reused" : "rendered");
  }
}
