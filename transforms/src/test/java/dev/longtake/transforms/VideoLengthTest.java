package dev.longtake.transforms;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.store.WorkStore;
import dev.longtake.pipeline.store.WorkStores;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.runtime.testing.FakeFrames;
import dev.longtake.transforms.media.SampleMedia;
import dev.longtake.transforms.media.VideoInfo;
import dev.longtake.transforms.media.VideoReader;
import dev.longtake.transforms.records.TakeRecord;
import dev.longtake.transforms.render.TakeEntries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Videos are as long as their speech, whole, and in step with it. */
class VideoLengthTest {
  private static final int FRAME_MICROS = 40_000;
  private static final double MILLION = 1e6;

  // Nine minutes of frames of 64 x 64 pixels are 166 MB, were they kept.
  private static final long MOST_GROWTH_BYTES = 100_000_000;

  private static final int BURST_EVERY_FRAMES = 19; // no divisor of clips or takes
  private static final int BURST_SAMPLES = 640; // one frame

  @TempDir private Path root;

  @Test
  void shortVideosAreWholeAndInStep() throws IOException {
    String[] options = {"--takeSeconds=10"};
    Workshop workshop =
        Workshop.of(root, new FakeEngineProvider())
            .picture()
            .voice("blink", 0.4, 140)
            .voice("sentence", 7.3, 160)
            .voice("minute", 61, 180)
            .requests("blink", "sentence", "minute");

    Workshop.Run run = workshop.run(options);

    assertThat(run.deadLetters()).isEmpty();
    assertVideo(workshop.video("blink"), 0.4, 10);
    assertVideo(workshop.video("sentence"), 7.3, 183);
    assertVideo(workshop.video("minute"), 61, 1525);
    assertThat(run.result("minute").path("takes").asInt()).isEqualTo(6);
    assertThat(run.result("minute").path("seconds").asDouble()).isEqualTo(61);
    for (String id : List.of("blink", "sentence", "minute")) {
      assertThat(SampleMedia.checksums(workshop.video(id)))
          .as(id)
          .isEqualTo(framesOfFragments(workshop, workshop.prepared(options).get(id)));
    }
  }

  @Test
  @Timeout(value = 3, unit = TimeUnit.MINUTES)
  void tenMinutesNeedNoMoreMemoryThanOne() throws Exception {
    double seconds = 600;
    Workshop workshop =
        Workshop.of(root, new FakeEngineProvider())
            .picture()
            .voice("lecture", seconds, 160)
            .requests("lecture");

    Process process =
        OtherProcess.start(root, "256m", LongVideoRun.class, workshop.root().toString());
    try {
      assertThat(process.waitFor()).as(Files.readString(OtherProcess.said(root))).isZero();
    } finally {
      process.destroyForcibly();
    }

    assertVideo(workshop.video("lecture"), LongVideoRun.SIDE, seconds, 15_000);
    List<Long> resident = LongVideoRun.residentBytes(root);
    assertThat(resident).hasSize(11); // at nothing, after nine whole minutes, and at the end
    long afterOneMinute = resident.get(1);
    assertThat(resident.subList(2, resident.size()))
        .allSatisfy(
            bytes ->
                assertThat(bytes - afterOneMinute)
                    .as("%s", resident)
                    .isLessThan(MOST_GROWTH_BYTES));
  }

  // The fake's bars are as high as the sound of the frame that it was given. Where the checkpoint
  // asks for three frames of silence, the picture of a sound is seen with it; a checkpoint that
  // asks for none was trained to lag by three frames, which the fake does not.
  @ParameterizedTest(name = "{0}, audioLeadFrames={1}")
  @CsvSource({"strict, 3, 0", "carry, 3, 0", "parallel, 3, 0", "carry, 0, 3", "carry, 1, 2"})
  void everyFrameShowsItsOwnSound(String continuity, int audioLeadFrames, int framesAhead)
      throws IOException {
    IntToDoubleFunction bursts =
        i -> i / BURST_SAMPLES % BURST_EVERY_FRAMES == 5 ? 0.5 * Math.sin(0.3 * i) : 0;
    Workshop workshop =
        Workshop.of(root, new FakeEngineProvider(audioLeadFrames, 60)).picture().requests("a");
    SampleMedia.wav(root.resolve("a.wav"), 6, bursts);

    workshop.run("--continuity=" + continuity, "--takeSeconds=2", "--takePlanner=fixed");

    List<Integer> loud = new ArrayList<>();
    VideoReader.decode(
        workshop.video("a"),
        (frame, rgb) -> {
          if (FakeFrames.loudness(rgb, FakeEngineProvider.SIDE) > 0.3) {
            loud.add(frame);
          }
        });
    List<Integer> expected = new ArrayList<>();
    for (int frame = 5 - framesAhead; frame < 150; frame += BURST_EVERY_FRAMES) {
      expected.add(frame);
    }
    assertThat(loud).isEqualTo(expected);
  }

  private static void assertVideo(Path video, double speechSeconds, int frames) {
    assertVideo(video, FakeEngineProvider.SIDE, speechSeconds, frames);
  }

  private static void assertVideo(Path video, int side, double speechSeconds, int frames) {
    VideoInfo info = VideoReader.probe(video);
    assertThat(info.codec()).isEqualTo("h264");
    assertThat(info.framesPerSecond()).isEqualTo(25);
    assertThat(info.width()).isEqualTo(side);
    assertThat(info.height()).isEqualTo(side);
    assertThat(info.frames()).isEqualTo(frames);
    List<Long> exact = new ArrayList<>();
    for (int frame = 0; frame < frames; frame++) {
      exact.add((long) frame * FRAME_MICROS);
    }
    assertThat(info.frameMicros()).isEqualTo(exact);
    assertThat(info.seconds()).isEqualTo(frames * FRAME_MICROS / MILLION);
    assertThat(info.audio().orElseThrow().codec()).isEqualTo("aac");
    double audioSeconds = info.audio().orElseThrow().seconds().orElseThrow();
    assertThat(Math.abs(info.seconds() - audioSeconds)).isLessThan(FRAME_MICROS / MILLION);
    assertThat(audioSeconds).isGreaterThanOrEqualTo(speechSeconds);
  }

  private static List<Long> framesOfFragments(Workshop workshop, PreparedRequest request)
      throws IOException {
    WorkStore store = WorkStores.open(workshop.workDir().toString());
    List<Long> checksums = new ArrayList<>();
    for (var take : request.getTakes()) {
      TakeRecord record = new TakeEntries(store).find(request, take).orElseThrow();
      for (TakeRecord.ClipRecord clip : record.clips()) {
        checksums.addAll(SampleMedia.checksums(workshop.workDir().resolve(clip.location())));
      }
    }
    return checksums;
  }
}
