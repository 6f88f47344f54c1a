package dev.longtake.transforms.sink;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.transforms.sink.ReportModel.Clip;
import dev.longtake.transforms.sink.ReportModel.Video;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What a run may have made, for the tests. */
final class SinkSamples {
  static final Instant START = Instant.parse("2025-03-01T09:30:00Z");
  static final String HOSTILE = "<script>alert(\"1\")</script>&'\u202e\ud83c\udfac\nsecond\tline";
  private static final int CLIP_FRAMES = 48;
  private static final double FPS = 25;

  private SinkSamples() {}

  /** A clock that stands until it is moved. */
  static final class FakeClock implements InstantSource {
    private Instant now = START;

    @Override
    public Instant instant() {
      return now;
    }

    void advance(double seconds) {
      now = now.plusNanos(Math.round(seconds * 1e9));
    }
  }

  /** Returns 7.68 s of video that took 20 s to render. */
  static RenderedVideo video(String id) {
    return RenderedVideo.builder()
        .setRecord("")
        .setId(id)
        .setLocation("out/" + id + ".mp4")
        .setDigest("ab12")
        .setFrames(192)
        .setSeconds(7.68)
        .setRenderSeconds(20)
        .setTakes(1)
        .setClips(4)
        .setClipsReused(0)
        .setStrategy("resident")
        .setChoice("resident with 2 lanes: the best of 2 ways")
        .setUntouched(false)
        .build();
  }

  static FailedRequest failure(int line, @Nullable String id) {
    return FailedRequest.builder()
        .setLine(line)
        .setId(id)
        .setStage("prepare")
        .setCode("AUDIO_MISSING")
        .setMessage("There is no file a.wav.")
        .setSource("{\"id\":\"x\"}")
        .build();
  }

  static ReportModel.Run run(double wallSeconds) {
    return new ReportModel.Run(
        "longtake 0.1.0",
        "longtake render --manifest=examples/demo.jsonl --output=out",
        "cpu (2 cores; no GPU was found)",
        "resident",
        "out",
        START,
        Duration.ofNanos(Math.round(wallSeconds * 1e9)));
  }

  /**
   * Returns a video whose clips were rendered one after the other.
   *
   * @param clipCount its clips, the last of them shorter
   * @param clipsPerTake clips of a take, but for the last
   * @param reused how many of the first clips an earlier run had rendered
   * @param begin when the first of the others began, in seconds of the run
   * @param framesPerSecond about how fast they were
   */
  static Video video(
      String id,
      int clipCount,
      int clipsPerTake,
      int reused,
      double begin,
      double framesPerSecond,
      Random random) {
    List<Clip> clips = new ArrayList<>();
    double time = begin;
    int frames = 0;
    double renderSeconds = 0;
    for (int i = 0; i < clipCount; i++) {
      int clipFrames = i == clipCount - 1 ? CLIP_FRAMES / 2 : CLIP_FRAMES;
      double seconds = clipFrames / framesPerSecond * (1 + 0.08 * random.nextGaussian());
      seconds += i % clipsPerTake == 0 ? 0.35 * seconds : 0; // opening a take
      boolean isReused = i < reused;
      Instant start = START.plusNanos(Math.round((isReused ? -900 + i * 5 : time) * 1e9));
      clips.add(new Clip(i / clipsPerTake, i % clipsPerTake, clipFrames, seconds, isReused, start));
      time += isReused ? 0 : seconds;
      frames += clipFrames;
      renderSeconds += seconds;
    }
    return new Video(
        RenderedVideo.builder()
            .setRecord("")
            .setId(id)
            .setLocation("out/" + id + ".mp4")
            .setDigest("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
            .setFrames(frames)
            .setSeconds(frames / FPS)
            .setRenderSeconds(renderSeconds)
            .setTakes((clipCount + clipsPerTake - 1) / clipsPerTake)
            .setClips(clipCount)
            .setClipsReused(reused)
            .setStrategy("resident")
            .setChoice("resident with 2 lanes: the best of 2 ways")
            .setUntouched(reused == clipCount)
            .build(),
        clips);
  }

  /** Returns memory that rises and then stays, one sample a second. */
  static List<MemorySample> memory(int seconds, Random random) {
    List<MemorySample> samples = new ArrayList<>();
    for (int i = 0; i < seconds; i++) {
      double mebibytes = 180 + 640 * (1 - Math.exp(-i / 12.0)) + 15 * random.nextGaussian();
      samples.add(
          new MemorySample(START.plusSeconds(i), Math.round(Math.max(80, mebibytes) * (1 << 20))));
    }
    return samples;
  }
}
