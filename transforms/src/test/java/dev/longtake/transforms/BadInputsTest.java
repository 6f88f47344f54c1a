package dev.longtake.transforms;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.runtime.testing.FakeEngineProvider.OpenedTake;
import dev.longtake.transforms.media.SampleMedia;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A manifest with bad lines: each becomes a dead letter that says why, and the others videos. */
class BadInputsTest {
  private static final int GOOD = 15;

  @TempDir private static Path root;
  private static FakeEngineProvider engines;
  private static Workshop workshop;
  private static List<String> lines;
  private static Workshop.Run run;

  @BeforeAll
  static void render() throws IOException {
    engines = new FakeEngineProvider();
    workshop = Workshop.of(root, engines).picture().voice("good", 0.4, 150);
    Files.writeString(root.resolve("text.wav"), "This is no sound.\n");
    Files.createFile(root.resolve("nothing.png"));
    Files.createFile(root.resolve("nothing.wav"));
    SampleMedia.wav(root.resolve("empty.wav"), 0, i -> 0);
    SampleMedia.wav(root.resolve("silent.wav"), 1, i -> 0);
    SampleMedia.wav(root.resolve("blip.wav"), 0.05, i -> 0.5);
    SampleMedia.png(root.resolve("small.png"), 63, 128, 2);
    SampleMedia.png(root.resolve("long.png"), 128, 640, 3);
    lines = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      good(5);
      lines.add(
          List.of(
                  "{\"id\":\"broken\",\"image\":\"face.png\",",
                  line("no-audio", Workshop.PICTURE, "missing.wav", ""),
                  line("text", Workshop.PICTURE, "text.wav", ""))
              .get(i));
    }
    lines.add(line("../escaped", Workshop.PICTURE, "good.wav", ""));
    lines.add(line("no-picture", "nothing.png", "good.wav", ""));
    assertThat(lines).hasSize(20);
    lines.add(line("v0", Workshop.PICTURE, "good.wav", ""));
    lines.add(line("silent", Workshop.PICTURE, "silent.wav", ""));
    lines.add(line("empty", Workshop.PICTURE, "empty.wav", ""));
    lines.add(line("no-bytes", Workshop.PICTURE, "nothing.wav", ""));
    lines.add(line("blip", Workshop.PICTURE, "blip.wav", ""));
    lines.add(line("size", Workshop.PICTURE, "good.wav", ",\"size\":\"100*100\""));
    lines.add(line("small", "small.png", "good.wav", ""));
    lines.add(line("long", "long.png", "good.wav", ""));
    lines.add(line("folder", Workshop.PICTURE, "out", ""));
    Files.createDirectory(workshop.output());
    run = workshop.manifest(lines).run();
  }

  private static void good(int count) {
    for (int i = 0; i < count; i++) {
      lines.add(
          line(
              "v" + lines.stream().filter(l -> l.contains("\"v")).count(),
              Workshop.PICTURE,
              "good.wav",
              ""));
    }
  }

  private static String line(String id, String image, String audio, String more) {
    return "{\"id\":\"%s\",\"image\":\"%s\",\"audio\":\"%s\",\"prompt\":\"%s\"%s}"
        .formatted(id, image, audio, id, more);
  }

  @Test
  void rendersEveryGoodLine() throws IOException {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < GOOD; i++) {
      ids.add("v" + i);
      assertThat(SampleMedia.checksums(workshop.video("v" + i))).hasSize(10);
    }
    assertThat(run.ids()).containsExactlyInAnyOrderElementsOf(ids);
    assertThat(run.counts().videos()).isEqualTo(GOOD);
    assertThat(engines.takes())
        .extracting(OpenedTake::prompt)
        .containsExactlyInAnyOrderElementsOf(ids);
  }

  @Test
  void publishesNothingElse() throws IOException {
    try (var files = Files.list(workshop.output())) {
      assertThat(
              files
                  .map(file -> file.getFileName().toString())
                  .filter(name -> !name.equals("gpu_usage.csv"))) // where it takes a second
          .hasSize(GOOD + 3)
          .allMatch(
              name -> name.matches("v\\d+\\.mp4|results.jsonl|dead-letter.jsonl|report.html"));
    }
    assertThat(root.resolve("escaped.mp4")).doesNotExist();
  }

  @Test
  void namesEveryBadLineOnceWithStageAndCode() {
    assertThat(run.deadLetters())
        .extracting(BadInputsTest::summary)
        .containsExactly(
            "6 null read BROKEN_JSON",
            "12 no-audio prepare FILE_NOT_FOUND",
            "18 text prepare UNREADABLE_AUDIO",
            "19 ../escaped read UNSAFE_ID",
            "20 no-picture prepare UNREADABLE_PICTURE",
            "21 v0 read DUPLICATE_ID",
            "22 silent prepare SILENT_AUDIO",
            "23 empty prepare EMPTY_AUDIO",
            "24 no-bytes prepare EMPTY_AUDIO",
            "25 blip prepare AUDIO_TOO_SHORT",
            "26 size read UNKNOWN_SIZE",
            "27 small prepare PICTURE_TOO_SMALL",
            "28 long prepare EXTREME_PROPORTIONS",
            "29 folder prepare UNREADABLE_AUDIO");
    assertThat(run.counts().failures()).isEqualTo(run.deadLetters().size());
  }

  private static String summary(JsonNode letter) {
    return "%s %s %s %s"
        .formatted(
            letter.path("line").asText(),
            letter.path("id").asText(),
            letter.path("stage").asText(),
            letter.path("code").asText());
  }

  @Test
  void repeatsEveryBadLineAndSaysWhatIsWrongWithWhat() {
    Map<String, String> named =
        Map.of(
            "no-audio", "missing.wav",
            "text", "text.wav",
            "../escaped", "..",
            "no-picture", "nothing.png",
            "v0", "line 1",
            "silent", "silent.wav",
            "size", "100*100",
            "small", "63x128",
            "folder", "out");
    for (JsonNode letter : run.deadLetters()) {
      assertThat(letter.path("source").asText())
          .isEqualTo(lines.get(letter.path("line").asInt() - 1));
      String id = letter.path("id").asText();
      assertThat(letter.path("message").asText())
          .as(id)
          .contains(named.getOrDefault(id, ""))
          .hasSizeGreaterThan(20)
          .doesNotContain("\n");
    }
  }

  @Test
  void saysAtTheEndHowManyFailed() {
    assertThat(run.said()).anyMatch(line -> line.startsWith("15 videos done, 14 failed"));
  }

  @Test
  void reportShowsDeadLettersBeforeVideosAndEveryClip() throws IOException {
    Document report = Jsoup.parse(workshop.output().resolve("report.html").toFile());
    String text = report.body().text();

    assertThat(report.select("script, iframe, object, link, [onclick], [onload]")).isEmpty();
    assertThat(report.select("img"))
        .hasSize(GOOD)
        .allMatch(image -> image.attr("src").startsWith("data:image/"));
    List<Element> videos = report.select("section.video");
    assertThat(videos).hasSize(GOOD);
    String beforeVideos = text.substring(0, text.indexOf(videos.get(0).text()));
    for (JsonNode letter : run.deadLetters()) {
      assertThat(beforeVideos).contains(letter.path("code").asText());
      assertThat(beforeVideos).contains(letter.path("message").asText());
    }
    assertThat(videos)
        .allSatisfy(
            video -> {
              assertThat(video.text()).contains("10 frames", "1 take", "1 clip");
              assertThat(video.select("svg")).isNotEmpty();
            });
  }
}
