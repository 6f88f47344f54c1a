package dev.longtake.transforms.sink;

import dev.longtake.transforms.sink.ReportModel.Clip;
import dev.longtake.transforms.sink.ReportModel.Video;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;

/** Draws the run along the wall clock: when which video was rendered, and the memory. */
final class RunCharts {
  private static final int MOST_ROWS = 30;
  private static final double ROW = 34;
  private static final double ROW_BAR = 10;
  private static final int AXIS = 24;
  private static final int HEIGHT = 150;
  private static final int LOW = 100;
  private static final double TOP = 18;
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
    double[] bytes = samples.stream().mapToDouble(MemorySample::residentBytes).toArray();
    double peak = peak(bytes);
    return Optional.of(
        curve(
            new Scale(
                "Resident memory, at most " + Quantity.bytes(peak),
                topBytes(peak),
                Quantity::bytes,
                HEIGHT),
            samples.stream().map(MemorySample::time).toList(),
            bytes));
  }

  /**
   * Returns how a device was used over time: its memory, and how busy it and its link to the host
   * were as far as that is known; empty for fewer than two samples.
   *
   * @param samples of one device
   */
  Optional<String> usage(List<UsageSample> samples) {
    if (samples.size() < 2 || seconds <= 0) {
      return Optional.empty();
    }
    List<Instant> times = samples.stream().map(UsageSample::time).toList();
    double[] bytes = samples.stream().mapToDouble(UsageSample::memoryBytes).toArray();
    double[] copied = samples.stream().mapToDouble(UsageSample::copiedGbps).toArray();
    double[] lanes = samples.stream().mapToDouble(UsageSample::lanes).toArray();
    StringBuilder charts = new StringBuilder();
    Scale memory = new Scale("memory", topBytes(peak(bytes)), Quantity::bytes, LOW);
    charts.append(curve(memory, times, bytes));
    busy(samples).ifPresent(charts::append);
    if (peak(copied) > 0) {
      double top = Quantity.roundUp(peak(copied));
      Scale scale = new Scale("copied", top, v -> Quantity.scale(v) + " GB/s", LOW);
      charts.append(curve(scale, times, copied));
    }
    if (peak(lanes) > 0) {
      double top = 2 * Math.ceil(peak(lanes) / 2); // so that half of it is a number of lanes too
      charts.append(curve(new Scale("takes", top, Quantity::scale, LOW), times, lanes));
    }
    return Optional.of(charts.toString());
  }

  private Optional<String> busy(List<UsageSample> samples) {
    List<UsageSample> known =
        samples.stream().filter(sample -> Double.isFinite(sample.utilization())).toList();
    if (known.size() < 2) {
      return Optional.empty();
    }
    return Optional.of(
        curve(
            new Scale("busy", 1, RunCharts::percentText, LOW),
            known.stream().map(UsageSample::time).toList(),
            known.stream().mapToDouble(UsageSample::utilization).toArray()));
  }

  /** How a curve is drawn: what it is, the value at its top, and values as text. */
  private record Scale(String label, double top, DoubleFunction<String> text, int height) {}

  private String curve(Scale scale, List<Instant> times, double[] values) {
    double floor = scale.height - AXIS;
    double height = floor - TOP;
    double[] x = times.stream().mapToDouble(this::percent).toArray();
    double[] y = Arrays.stream(values).map(value -> floor - height * value / scale.top).toArray();
    Chart chart = new Chart(scale.label, scale.height);
    chart.across("grid", TOP).across("grid", TOP + height / 2);
    chart.area(x, y, floor).across("base", floor);
    chart.name("axis halo", TOP - 5, scale.text.apply(scale.top));
    chart.name("axis halo", TOP + height / 2 - 5, scale.text.apply(scale.top / 2));
    return chart.timeAxis(seconds, floor).end();
  }

  private static double peak(double[] values) {
    return Arrays.stream(values).max().orElse(0);
  }

  private static String percentText(double share) {
    return Quantity.scale(100 * share) + " %";
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
  private static double topBytes(double peakBytes) {
    double peak = Math.max(peakBytes, MIB);
    double unit = peak < 1024 * MIB ? MIB : 1024 * MIB;
    return Quantity.roundUp(peak / unit) * unit;
  }
}
