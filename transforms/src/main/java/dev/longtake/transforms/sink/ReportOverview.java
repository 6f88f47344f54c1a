package dev.longtake.transforms.sink;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.transforms.sink.ReportModel.Video;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Writes the report's top: failures first, then the run as a whole and the list of videos. */
final class ReportOverview {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);
  private static final double NANOS = 1e9;

  private final ReportModel model;
  private final List<RenderedVideo> made;
  private final double wallSeconds;
  private final StringBuilder html = new StringBuilder();

  private ReportOverview(ReportModel model) {
    this.model = model;
    this.made =
        model.videos().stream().map(Video::video).filter(video -> !video.isUntouched()).toList();
    this.wallSeconds = model.run().wallTime().toNanos() / NANOS;
  }

  /** Returns the report's top. */
  static String of(ReportModel model) {
    ReportOverview overview = new ReportOverview(model);
    overview.heading();
    overview.failures();
    overview.tiles();
    overview.charts();
    overview.run();
    overview.videos();
    return overview.html.toString();
  }

  private void heading() {
    int failures = model.failures().size();
    int untouched = model.videos().size() - made.size();
    String verdict;
    if (failures > 0) {
      verdict = failures + " of " + Quantity.count(failures + model.videos().size(), "request");
      verdict += " failed";
    } else if (made.isEmpty() && untouched > 0) {
      verdict = "Nothing to do: everything was up to date";
    } else {
      verdict = made.size() == 1 ? "The video is done" : "All videos are done";
    }
    html.append(
        """
        <header>
        <p class="brand">Longtake</p>
        <h1 class="%s">%s</h1>
        <p class="muted">%s · %s</p>
        </header>
        """
            .formatted(
                failures > 0 ? "bad" : "good",
                verdict,
                TIME.format(model.run().started()),
                Html.escape(model.run().device())));
  }

  private void failures() {
    List<FailedRequest> failures = model.failures();
    if (failures.isEmpty()) {
      return;
    }
    html.append(
        """
        <section class="failures" id="failures">
        <h2>Failures</h2>
        <p class="muted">Mend these lines of the manifest and run the same command again: \
        finished videos are not touched.</p>
        <ol>
        """);
    for (FailedRequest failure : failures) {
      String id = failure.getId();
      html.append(
          """
          <li>
          <p class="where"><span class="line">line %d</span> %s<span class="muted">in %s</span> \
          <code class="code">%s</code></p>
          <p class="message">%s</p>
          <details><summary>The line</summary><pre>%s</pre></details>
          </li>
          """
              .formatted(
                  failure.getLine(),
                  id == null ? "" : "<bdi class=\"id\">%s</bdi> ".formatted(Html.escape(id)),
                  Html.escape(failure.getStage()),
                  Html.escape(failure.getCode()),
                  Html.escape(failure.getMessage()),
                  Html.escape(failure.getSource())));
    }
    html.append("</ol>\n</section>\n");
  }

  private void tiles() {
    int untouched = model.videos().size() - made.size();
    int clips = made.stream().mapToInt(RenderedVideo::getClips).sum();
    int reused = made.stream().mapToInt(RenderedVideo::getClipsReused).sum();
    double seconds = made.stream().mapToDouble(RenderedVideo::getSeconds).sum();
    long rendered = model.videos().stream().mapToLong(Video::framesRendered).sum();
    html.append("<section id=\"summary\">\n<h2>Summary</h2>\n<dl class=\"tiles\">\n");
    tile("Videos done", Integer.toString(made.size()), length(seconds));
    if (untouched > 0) {
      tile("Untouched", Integer.toString(untouched), "up to date before");
    }
    if (!model.failures().isEmpty()) {
      tile("Failed", Integer.toString(model.failures().size()), "see above");
    }
    tile(
        "Wall time", Quantity.length(wallSeconds), Quantity.count(rendered, "frame") + " rendered");
    if (rendered > 0 && wallSeconds > 0) {
      tile(
          "Speed",
          Quantity.rate(rendered / wallSeconds) + " fps",
          "frames per second of wall time");
    }
    tile("Clips reused", "%d of %d".formatted(reused, clips), "from earlier runs");
    model.memory().stream()
        .mapToLong(MemorySample::residentBytes)
        .asDoubleStream()
        .max()
        .ifPresent(peak -> tile("Peak memory", Quantity.bytes(peak), "resident"));
    html.append("</dl>\n</section>\n");
  }

  private static String length(double seconds) {
    return Quantity.length(seconds) + " of video";
  }

  private void tile(String name, String value, String note) {
    html.append("<div><dt>").append(name).append("</dt><dd>").append(value);
    html.append(" <small>").append(note).append("</small></dd></div>\n");
  }

  private void charts() {
    RunCharts charts = new RunCharts(model.run());
    charts
        .rendering(model.videos())
        .ifPresent(chart -> figure("When each video was rendered", chart));
    charts.memory(model.memory()).ifPresent(chart -> figure("Memory of the process", chart));
    Map<String, List<UsageSample>> devices =
        model.usage().stream()
            .collect(Collectors.groupingBy(UsageSample::device, TreeMap::new, Collectors.toList()));
    devices.forEach(
        (device, samples) ->
            charts
                .usage(samples)
                .ifPresent(chart -> figure("Use of " + Html.escape(device), chart)));
  }

  private void figure(String caption, String chart) {
    html.append("<figure class=\"card\"><figcaption>").append(caption).append("</figcaption>\n");
    html.append(chart).append("</figure>\n");
  }

  private void videos() {
    if (model.videos().isEmpty()) {
      return;
    }
    html.append(
        """
        <section id="videos">
        <h2>Videos</h2>
        <div class="scroll" tabindex="0"><table>
        <thead><tr><th scope="col">Video</th><th scope="col" class="number">Length</th>\
        <th scope="col" class="number">fps</th><th scope="col" class="number">Takes</th>\
        <th scope="col" class="number">Clips</th><th scope="col" class="number">Reused</th>\
        <th scope="col">Strategy</th></tr></thead>
        <tbody>
        """);
    for (int i = 0; i < model.videos().size(); i++) {
      row(model.videos().get(i).video(), i);
    }
    html.append("</tbody>\n</table></div>\n</section>\n");
  }

  private void row(RenderedVideo video, int index) {
    double framesPerSecond = ResultsFile.framesPerSecond(video);
    html.append(
        """
        <tr><td><a href="#%s"><bdi>%s</bdi></a></td><td class="number">%s</td>\
        <td class="number">%s</td><td class="number">%d</td><td class="number">%d</td>\
        <td class="number">%s</td><td>%s</td></tr>
        """
            .formatted(
                VideoSection.anchor(index),
                Html.escape(video.getId()),
                Quantity.clock(video.getSeconds()),
                Double.isFinite(framesPerSecond) ? Quantity.rate(framesPerSecond) : "–",
                video.getTakes(),
                video.getClips(),
                video.isUntouched() ? "untouched" : Integer.toString(video.getClipsReused()),
                Html.escape(video.getStrategy())));
  }

  private void run() {
    ReportModel.Run run = model.run();
    html.append("<section id=\"run\">\n<h2>This run</h2>\n<dl class=\"facts card\">\n");
    fact("Command", run.commandLine(), "command");
    fact("Version", run.version(), "");
    fact("Device", run.device(), "");
    fact("Strategy", run.strategy(), "");
    fact("Started", TIME.format(run.started()), "");
    fact("Ended", TIME.format(run.started().plus(run.wallTime())), "");
    fact("Output", run.output(), "command");
    html.append("</dl>\n</section>\n");
  }

  private void fact(String name, String value, String style) {
    html.append("<dt>").append(name).append("</dt><dd class=\"").append(style).append("\">");
    html.append(Html.escape(value)).append("</dd>\n");
  }
}
