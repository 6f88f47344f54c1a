package dev.longtake.transforms;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.runtime.testing.FakeEngineProvider.OpenedTake;
import dev.longtake.transforms.media.SampleMedia;
import dev.longtake.transforms.media.VideoInfo;
import dev.longtake.transforms.media.VideoReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Manifests and media of all kinds, through the whole pipeline. */
class InputFormatsTest {
  private static final int LYING = 6; // EXIF: to be turned by a right angle

  @TempDir private Path root;
  private FakeEngineProvider engines;
  private Workshop workshop;

  @BeforeEach
  void bringInputs() throws IOException {
    engines = new FakeEngineProvider();
    workshop = Workshop.of(root, engines).picture().voice("a", 0.4, 150);
  }

  @Test
  void takesSoundFromVideosAndPicturesThatAreToBeTurned() throws IOException {
    SampleMedia.aacInMp4(root.resolve("talk.mp4"), 1.5, 150);
    SampleMedia.turnedJpeg(root.resolve("lying.jpg"), 256, 128, LYING);
    workshop.manifest(List.of("{\"id\":\"phone\",\"image\":\"lying.jpg\",\"audio\":\"talk.mp4\"}"));

    Workshop.Run run = workshop.run();

    assertThat(run.deadLetters()).isEmpty();
    VideoInfo video = VideoReader.probe(workshop.video("phone"));
    assertThat(video.height()).isGreaterThan(video.width());
    assertThat(video.audio().orElseThrow().channels()).isEqualTo(2);
    assertThat(video.audio().orElseThrow().sampleRateHz()).isEqualTo(48_000);
    // The encoder fills its last block of 1024 samples, and MP4 says so: 1.5 s or 21 ms more.
    assertThat(video.frames()).isBetween(38, 39);
    assertThat(Math.abs(video.seconds() - video.audio().orElseThrow().seconds().orElseThrow()))
        .isLessThan(0.04);
  }

  @Test
  void readsTheOfficialBatchFile() throws IOException {
    workshop.voice("long", 6, 170);
    Path batch = root.resolve("batch.json");
    Files.writeString(
        batch,
        """
        {
          "first": {"prompt": "one", "image": "face.png", "audio": "a.wav", "num_clip": 1},
          "second": {"prompt": "two", "image": "face.png", "audio": "long.wav", "num_clip": 2}
        }
        """);

    Workshop.Run run = workshop.run("--manifest=" + batch);

    assertThat(run.ids()).containsExactly("first", "second");
    assertThat(run.result("first").path("frames").asInt()).isEqualTo(10);
    assertThat(run.result("second").path("frames").asInt()).isEqualTo(45 + 48);
    assertThat(engines.takes()).extracting(OpenedTake::prompt).contains("one", "two");
  }

  @Test
  void readsCsvAndPathsWithSpacesAndNamesInAnyScript() throws IOException {
    Path folder = Files.createDirectories(root.resolve("mit Leerzeichen und Ümläuten"));
    Files.move(root.resolve("a.wav"), folder.resolve("Übung 1.wav"));
    Files.move(root.resolve(Workshop.PICTURE), folder.resolve("my face (1).png"));
    Path manifest = folder.resolve("all requests.csv");
    Files.writeString(
        manifest,
        """
        id,image,audio,prompt,seed,output
        Übung Nr. 1,my face (1).png,Übung 1.wav,"A teacher, smiling",7,
        レッスン,my face (1).png,Übung 1.wav,先生,8,
        third,my face (1).png,Übung 1.wav,,9,Kurs 1/Урок 3.mp4
        """);

    Workshop.Run run =
        workshop.run("--manifest=" + manifest, "--output=" + root.resolve("aus gabe"));

    assertThat(run.deadLetters()).isEmpty();
    assertThat(run.ids()).containsExactlyInAnyOrder("Übung Nr. 1", "レッスン", "third");
    Path output = root.resolve("aus gabe");
    for (String name : List.of("Übung Nr. 1.mp4", "レッスン.mp4", "Kurs 1/Урок 3.mp4")) {
      assertThat(SampleMedia.checksums(output.resolve(name))).as(name).hasSize(10);
    }
    assertThat(engines.takes())
        .extracting(take -> take.prompt() + " " + take.seed())
        .contains("A teacher, smiling 7", "先生 8");
  }

  @Test
  void equalRequestsUnderTwoIdsAreRenderedAndPublishedBoth() throws IOException {
    workshop.manifest(
        List.of(
            Workshop.request("a"), Workshop.request("a").replace("\"id\":\"a\"", "\"id\":\"b\"")));

    Workshop.Run run = workshop.run();

    assertThat(run.ids()).containsExactly("a", "b");
    assertThat(workshop.video("b")).hasSameBinaryContentAs(workshop.video("a"));
    assertThat(engines.takes()).hasSizeBetween(1, 2); // they may race, harmlessly
  }
}
