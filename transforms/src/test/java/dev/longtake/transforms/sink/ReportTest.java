package dev.longtake.transforms.sink;

import static dev.longtake.transforms.sink.SinkSamples.HOSTILE;
import static dev.longtake.transforms.sink.SinkSamples.START;
import static dev.longtake.transforms.sink.SinkSamples.failure;
import static dev.longtake.transforms.sink.SinkSamples.memory;
import static dev.longtake.transforms.sink.SinkSamples.run;
import static dev.longtake.transforms.sink.SinkSamples.video;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.transforms.sink.ReportModel.Clip;
import dev.longtake.transforms.sink.ReportModel.Video;
import java.io.IOException;
import java.io.StringWriter;
import java.io.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.parser.Parser;
import org.junit.jupiter.api.Test;

class ReportTest {
  private static final Set<String> NUMBERS = Set.of("x", "y", "x1", "x2", "y1", "y2", "height");
  private static final Report.SheetSource NO_SHEETS = id -> Optional.empty();
  private final Random random = new Random(7);

  @Test
  void putsFailuresFirstAndThenSummaryAndVideos() throws IOException {
    Document page = page(model());

    assertThat(page.select("h1").text()).isEqualTo("2 of 4 requests failed");
    assertThat(page.select("h2").eachText())
        .containsExactly("Failures", "Summary", "This run", "Videos");
    assertThat(page.select("#failures li .where").eachText())
        .containsExactly("line 3 in prepare AUDIO_MISSING", "line 9 nine in prepare AUDIO_MISSING");
    assertThat(page.select("#failures .message").eachText())
        .containsOnly("There is no file a.wav.");
    assertThat(page.select("#failures pre").eachText()).containsOnly("{\"id\":\"x\"}");
    assertThat(page.select("section.video h3").eachText()).containsExactly("long", "old untouched");
  }

  @Test
  void sumsTheRunUp() throws IOException {
    Document page = page(model());

    assertThat(page.select(".tiles div").eachText())
        .containsExactly(
            "Videos done 1 1 min 0 s of video",
            "Untouched 1 up to date before",
            "Failed 2 see above",
            "Wall time 1 min 40 s 1032 frames rendered",
            "Speed 10.3 fps frames per second of wall time",
            "Clips reused 10 of 32 from earlier runs",
            "Peak memory 300 MiB resident");
    assertThat(page.select("#run dd").first().text())
        .isEqualTo("longtake render --manifest=examples/demo.jsonl --output=out");
    assertThat(page.select("#videos tbody tr").first().text())
        .startsWith("long 1:00")
        .endsWith("2 32 10 resident");
  }

  @Test
  void isOneFileThatLoadsAndRunsNothing() throws IOException {
    Document page = page(model());

    assertThat(page.select("script, link, iframe, object, embed, video, audio, base, form"))
        .isEmpty();
    assertThat(page.select("[src]").eachAttr("src")).isEmpty();
    assertThat(page.select("meta[http-equiv=Content-Security-Policy]").attr("content"))
        .startsWith("default-src 'none';");
    assertThat(page.select("style").html()).isNotEmpty().doesNotContain("url(", "@import");
    assertThat(page.select("*").stream().flatMap(e -> e.attributes().asList().stream()))
        .noneMatch(attribute -> attribute.getKey().startsWith("on"));
    assertThat(page.select("a").eachAttr("href"))
        .contains("#video-1", "./long.mp4")
        .allMatch(link -> link.startsWith("#video-") || link.startsWith("./"));
  }

  @Test
  void drawsClipsAndTakesOfAVideo() throws IOException {
    Document page = page(model());
    Element chart = page.select("#video-1 svg").first();

    // 32 bars of speed, and strips: reused and rendered of take 0, rendered of take 1.
    assertThat(chart.select("rect.reused")).hasSize(10 + 1);
    assertThat(chart.select("rect.rendered")).hasSize(22 + 2);
    assertThat(chart.select("line.take")).hasSize(1);
    assertThat(chart.select("text.on-reused, text.on-rendered").eachText())
        .containsExactly("0", "1");
    assertThat(chart.select("rect title").eachText())
        .contains(
            "Take 0, clips 0 to 9, reused",
            "Take 0, clips 10 to 19, rendered",
            "Take 1, clips 0 to 11, rendered")
        .anyMatch(title -> title.matches("Take 1, clip 11, rendered, [0-9.]+ fps"));
    assertThat(chart.select("text.axis").eachText()).contains("0:00", "0:30", "1:00");
  }

  @Test
  void drawsEachClipWhereItIsInTheVideo() throws IOException {
    List<Clip> clips =
        List.of(
            new Clip(1, 0, 48, 4, false, START.plusSeconds(50)), // 12 fps
            new Clip(0, 1, 48, 3, false, START.plusSeconds(10)), // 16 fps
            new Clip(0, 0, 96, 12, true, START.plusSeconds(10))); // 8 fps
    Element page =
        page(
            new ReportModel(
                run(100),
                List.of(new Video(SinkSamples.video("a"), clips)),
                List.of(),
                List.of(),
                List.of()));

    // The scale ends at 20 fps, 90 pixels above its floor at 108; a bar fills 86 % of its room.
    assertThat(boxes(page.select("#video-1 rect")))
        .containsExactly(
            "reused 3.500% 72 43% 36",
            "rendered 51.750% 36 21.500% 72",
            "rendered 76.750% 54 21.500% 54",
            "reused 0% 114 50% 18",
            "rendered 50% 114 25% 18",
            "rendered 75% 114 25% 18");
    assertThat(page.select("#video-1 line.take").attr("x1")).isEqualTo("75%");
    assertThat(boxes(page.select("figure rect"))) // from 10 s to 13 s, and from 50 s to 54 s
        .containsExactly("rendered 10% 22 3% 10", "rendered 50% 22 4% 10");
  }

  @Test
  void drawsMemoryAgainstTheWallClock() throws IOException {
    Element curve = page(model()).select("polyline").first();

    // 200, 300 and 250 MiB of 300; the scale is 108 pixels high and its floor is at 126.
    assertThat(curve.attr("points")).isEqualTo("0,54 500,18 990,36");
  }

  @Test
  void drawsWhatIsKnownOfEachDevice() throws IOException {
    Document page = page(model());

    assertThat(page.select("figcaption").eachText()).contains("Use of cpu:1", "Use of cuda:0");
    assertThat(page.select("svg.chart").eachAttr("aria-label"))
        .containsSubsequence("memory", "takes", "memory", "busy", "copied", "takes");
    assertThat(page.select("svg[aria-label=copied] polyline").attr("points"))
        .isEqualTo("0,76 500,29.600"); // 0 and 16 GB/s of 20
  }

  @Test
  void drawsWithFiniteNumbersInsideTheDrawing() throws IOException {
    Video unknown =
        new Video(
            SinkSamples.video("unknown"),
            List.of(
                new Clip(0, 0, 1, 0, true, null),
                new Clip(0, 1, 1, 1e-9, false, START.minusSeconds(50)),
                new Clip(1, 0, 1, 1e9, false, START.plusSeconds(1_000_000))));
    Video many = video("many", 2000, 31, 0, 0, 30, random);
    Document page =
        page(
            new ReportModel(
                run(100), List.of(unknown, many), List.of(), memory(300, random), List.of()));

    int numbers = 0;
    for (Element element : page.select("svg, svg *")) {
      for (var attribute : element.attributes()) {
        if (NUMBERS.contains(attribute.getKey()) || attribute.getKey().equals("width")) {
          String text = attribute.getValue();
          assertThat(text).matches("-?\\d+(\\.\\d+)?%?");
          if (text.endsWith("%")) {
            assertThat(Double.parseDouble(text.replace("%", ""))).isBetween(0.0, 100.0);
          }
          numbers++;
        }
      }
    }
    assertThat(numbers).isGreaterThan(500);
    assertThat(page.select("polyline").attr("points")).matches("(\\d+(\\.\\d+)?[, ]?)+");
    assertThat(page.select("#video-2 rect").size()).isLessThan(400); // however many clips
    assertThat(page.html()).doesNotContain("NaN").doesNotContain("Infinity");
  }

  @Test
  void escapesWhateverOthersWrote() throws IOException {
    Video hostile =
        new Video(
            SinkSamples.video(HOSTILE).toBuilder()
                .setLocation("out/javascript:\"><script>.mp4")
                .setDigest("<b>")
                .setStrategy("'><script>")
                .build(),
            List.of(new Clip(0, 0, 192, 20, false, START)));
    FailedRequest failure =
        failure(1, HOSTILE).toBuilder()
            .setStage("<script>")
            .setCode("<script>")
            .setMessage(HOSTILE + "\u0000\u001b\ud800")
            .setSource("</pre><script>")
            .build();
    ReportModel.Run run =
        new ReportModel.Run(
            "<script>", "<script>", "<script>", "<script>", "out", START, Duration.ofSeconds(30));
    Document page =
        page(
            new ReportModel(run, List.of(hostile), List.of(failure), List.of(), List.of()),
            this::sheet);

    assertThat(page.select("script")).isEmpty();
    assertThat(page.select("section.video h3 bdi").first().wholeText()).isEqualTo(HOSTILE);
    assertThat(page.select("#failures .message").first().wholeText())
        .isEqualTo(HOSTILE + "\u2400\u241b\ufffd");
    assertThat(page.select("#failures pre").first().wholeText()).isEqualTo("</pre><script>");
    assertThat(page.select("img").attr("alt"))
        .isEqualTo("Frames of " + HOSTILE + ", from start to end");
    assertThat(page.select("p.file a").attr("href"))
        .isEqualTo("./javascript%3A%22%3E%3Cscript%3E.mp4");
    assertThat(page.select("text.row").first().wholeText()).isEqualTo(HOSTILE);
  }

  @Test
  void doesNotLinkToAVideoThatIsElsewhere() throws IOException {
    Video elsewhere =
        new Video(
            SinkSamples.video("a").toBuilder().setLocation("gs://bucket/out/a.mp4").build(),
            List.of());
    Document page =
        page(new ReportModel(run(1), List.of(elsewhere), List.of(), List.of(), List.of()));

    assertThat(page.select("p.file").text()).isEqualTo("gs://bucket/out/a.mp4");
    assertThat(page.select("p.file a")).isEmpty();
  }

  @Test
  void holdsTheContactSheet() throws IOException {
    Document page = page(model(), this::sheet);

    assertThat(page.select("img")).hasSize(2);
    assertThat(page.select("#video-1 img").attr("src"))
        .isEqualTo(
            "data:image/png;base64,"
                + Base64.getEncoder().encodeToString(sheet("long").orElseThrow()));
    assertThatThrownBy(() -> page(model(), id -> Optional.of(new byte[] {'<', 's', 'v', 'g'})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The contact sheet of 'long' is neither PNG nor JPEG: 4 bytes.");
  }

  @Test
  void holdsOneSheetAtATime() throws IOException {
    List<Video> videos = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      videos.add(video("v" + i, 4, 2, 0, i, 12, random));
    }
    byte[] sheet = new byte[1 << 16];
    byte[] head = {(byte) 0xff, (byte) 0xd8, (byte) 0xff};
    System.arraycopy(head, 0, sheet, 0, head.length);
    CountingWriter out = new CountingWriter();
    List<Long> writtenAtCall = new ArrayList<>();
    ReportModel model = new ReportModel(run(2000), videos, List.of(), List.of(), List.of());

    Report.write(
        out,
        model,
        id -> {
          writtenAtCall.add(out.written);
          return Optional.of(sheet.clone());
        });

    assertThat(writtenAtCall).hasSize(1000);
    for (int i = 1; i < 1000; i++) { // the one before was written out before the next was read
      assertThat(writtenAtCall.get(i) - writtenAtCall.get(i - 1)).isGreaterThan(sheet.length);
    }
  }

  @Test
  void saysThatThereWasNothingToDo() throws IOException {
    Video old = video("old", 4, 4, 4, 0, 12, random);
    Document page = page(new ReportModel(run(0.4), List.of(old), List.of(), List.of(), List.of()));

    assertThat(page.select("h1").text()).isEqualTo("Nothing to do: everything was up to date");
    assertThat(page.select("#failures, figure")).isEmpty();
  }

  @Test
  void showsARunThatMadeNothing() throws IOException {
    Document page =
        page(
            new ReportModel(
                run(0), List.of(), List.of(failure(1, "a")), memory(1, random), List.of()));

    assertThat(page.select("h1").text()).isEqualTo("1 of 1 request failed");
    assertThat(page.select("#videos, figure")).isEmpty();
  }

  private static List<String> boxes(List<Element> bars) {
    return bars.stream()
        .map(
            bar ->
                String.join(
                    " ",
                    bar.className(),
                    bar.attr("x"),
                    bar.attr("y"),
                    bar.attr("width"),
                    bar.attr("height")))
        .toList();
  }

  private ReportModel model() {
    return new ReportModel(
        run(100),
        List.of(video("long", 32, 20, 10, 3, 12, random), video("old", 4, 4, 4, 0, 12, random)),
        List.of(failure(9, "nine"), failure(3, null), failure(9, "nine")),
        List.of(
            new MemorySample(START, 200L << 20),
            new MemorySample(START.plusSeconds(50), 300L << 20),
            new MemorySample(START.plusSeconds(99), 250L << 20)),
        List.of(
            new UsageSample(START, "cuda:0", 20L << 30, 0, 0, 0),
            new UsageSample(START.plusSeconds(50), "cuda:0", 20L << 30, 1, 16, 3),
            new UsageSample(START, "cpu:1", 5, Double.NaN, 0, 0),
            new UsageSample(START.plusSeconds(50), "cpu:1", 5, Double.NaN, 0, 1)));
  }

  private Optional<byte[]> sheet(String id) {
    ContactSheet sheet = new ContactSheet(8, 8, 2, 2);
    byte[] frame = new byte[8 * 8 * 3];
    Arrays.fill(frame, (byte) id.length());
    sheet.add(frame);
    return Optional.of(sheet.toPng());
  }

  private static Document page(ReportModel model) throws IOException {
    return page(model, NO_SHEETS);
  }

  private static Document page(ReportModel model, Report.SheetSource sheets) throws IOException {
    StringWriter out = new StringWriter();
    Report.write(out, model, sheets);
    Parser parser = Parser.htmlParser().setTrackErrors(100);
    Document page = parser.parseInput(out.toString(), "");
    assertThat(parser.getErrors()).isEmpty();
    return page;
  }

  /** Counts what is written and keeps nothing of it. */
  private static final class CountingWriter extends Writer {
    private long written;

    @Override
    public void write(char[] text, int offset, int length) {
      written += length;
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
