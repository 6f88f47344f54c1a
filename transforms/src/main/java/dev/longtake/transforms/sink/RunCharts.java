package dev.longtake.transforms.sink;

import dev.longtake.transforms.sink.ReportModel.Clip;
import dev.longtake.transforms.sink.ReportModel.Video;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Draws the run along the wall clock: when which video was rendered, and the memory. */
final class RunCharts {
  private static final int MOST_ROWS = 30;
  private static final double ROW = 34;
  private static final double ROW_BAR = 10;
  private static final int AXIS = 24;
  private static final int MEMORY_HEIGHT = 150;
  private static final double MEMORY_TOP = 18;
  private static final double MEMORY_FLOOR = MEMORY_HEIGHT - AXIS;
  private static final double SAME = 0.2; // percent between bars that are drawn as one
  private static final double NANOS = 1e9;
  private static final double MIB = 1024 * 1024;

  private final Instant started;
  private final double seconds;

  /** Rendering without a break: percent of the run. */
  private record Span(double from, double to) {}

  /** The spans of one video. */
  private record Row(Video video, List<Span> spans) {}

  RunCharts(ReportModel.Run run) {
    this.started = run.started();
    this.seconds = run.wallTime().toNanos() / NANOS;
  }

  /** Returns when the videos were rendered, those first that began first; empty when none was. */
  Optional<String> rendering(List<Video> videos) {
    List<Row> rows =
        videos.stream()
            .map(video -> new Row(video, spans(video)))
            .filter(row -> !row.spans.isEmpty())
            .sorted(Comparator.comparingDouble(row -> row.spans.get(0).from))
            .toList();
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    List<Row> shown = rows.subList(0, Math.min(MOST_ROWS, rows.size()));
    double floor = shown.size() * ROW + 4;
    Chart chart = new Chart("When each video was rendered", (int) floor + AXIS);
    for (int i = 0; i < shown.size(); i++) {
      draw(chart, shown.get(i), i * ROW);
    }
    String svg = chart.across("base", floor).timeAxis(seconds, floor).end();
    String rest =
        rows.size() > MOST_ROWS
            ? "<p class=\"note\">The first %d of %d rendered videos.</p>\n"
                .formatted(MOST_ROWS, rows.size())
            : "";
    return Optional.of(svg + rest);
  }

  /** Returns the memory of the process over time; empty for fewer than two samples. */
  Optional<String> memory(List<MemorySample> samples) {
    if (samples.size() < 2 || seconds <= 0) {
      return Optional.empty();
    }
    double peak =
        samples.stream()
            .mapToLong(MemorySample::residentBytes)
            .asDoubleStream()
            .max()
            .orElseThrow();
    double top = topBytes(Math.max(peak, MIB));
    double height = MEMORY_FLOOR - MEMORY_TOP;
    double[] x = samples.stream().mapToDouble(sample -> percent(sample.time())).toArray();
    double[] y =
        samples.stream()
            .mapToDouble(sample -> MEMORY_FLOOR - height * sample.residentBytes() / top)
            .toArray();
    Chart chart = new Chart("Resident memory, at most " + Quantity.bytes(peak), MEMORY_HEIGHT);
    chart.across("grid", MEMORY_TOP).across("grid", MEMORY_TOP + height / 2);
    chart.area(x, y, MEMORY_FLOOR).across("base", MEMORY_FLOOR);
    chart.name("axis halo", MEMORY_TOP - 5, Quantity.bytes(top));
    chart.name("axis halo", MEMORY_TOP + height / 2 - 5, Quantity.bytes(top / 2));
    return Optional.of(chart.timeAxis(seconds, MEMORY_FLOOR).end());
  }

  private static void draw(Chart chart, Row row, double top) {
    String id = row.video.video().getId();
    chart.across("grid", top + 1);
    chart.name("row", top + 15, id);
    for (Span span : row.spans) {
      double width = Math.max(0.15, span.to - span.from);
      chart.bar("rendered", span.from, top + ROW - ROW_BAR - 2, width, ROW_BAR, id);
    }
  }

  private List<Span> spans(Video video) {
    List<Span> all = new ArrayList<>();
    for (Clip clip : video.clips()) {
      Instant start = clip.started();
      if (start == null || clip.reused() || seconds <= 0) {
        continue;
      }
      double length = 100 * clip.renderSeconds() / seconds;
      double from = percent(start);
      all.add(new Span(from, Math.min(100, from + length)));
    }
    all.sort(Comparator.comparingDouble(Span::from));
    List<Span> spans = new ArrayList<>();
    for (Span span : all) {
      int last = spans.size() - 1;
      if (last >= 0 && span.from - spans.get(last).to < SAME) {
        spans.set(last, new Span(spans.get(last).from, Math.max(spans.get(last).to, span.to)));
      } else {
        spans.add(span);
      }
    }
    return spans;
  }

  private double percent(Instant time) {
    double elapsed = Duration.between(started, time).toNanos() / NANOS;
    return Math.min(100, Math.max(0, 100 * elapsed / seconds));
  }

  /** Returns the end of a scale of which half is a round number too. */
  private static double topBytes(double peak) {
    double unit = peak < 1024 * MIB ? MIB : 1024 * MIB;
    return Quantity.roundUp(peak / unit) * unit;
  }
}
