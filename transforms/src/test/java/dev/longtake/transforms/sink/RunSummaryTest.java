package dev.longtake.transforms.sink;

import static dev.longtake.transforms.sink.SinkSamples.failure;
import static dev.longtake.transforms.sink.SinkSamples.video;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderedVideo;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RunSummaryTest {
  private static final Duration WALL = Duration.ofMillis(83_400);

  @Test
  void saysWhereTheOnlyVideoIs() {
    assertThat(RunSummary.lines(List.of(video("a")), List.of(), WALL, "out", true))
        .containsExactly(
            "1 video done: 7.7 s of video in 1 min 23 s.",
            "video:   out/a.mp4",
            "results: out/results.jsonl",
            "report:  out/report.html");
  }

  @Test
  void saysThatThereWasNothingToDo() {
    assertThat(
            RunSummary.lines(
                List.of(untouched("a"), untouched("b")), List.of(), WALL, "out", false))
        .containsExactly(
            "Nothing to do: all 2 videos are up to date.",
            "videos:  out",
            "results: out/results.jsonl");
  }

  @Test
  void tellsDoneUntouchedAndFailedApart() {
    RenderedVideo resumed = video("c").toBuilder().setClipsReused(3).build();
    FailedRequest hostile =
        failure(12, null).toBuilder().setMessage("first\nsecond\u001b[1m").build();

    assertThat(
            RunSummary.lines(
                List.of(video("a"), untouched("b"), resumed),
                List.of(hostile, failure(3, "x")),
                WALL,
                "gs://bucket/out",
                true))
        .containsExactly(
            "2 videos done, 1 untouched (up to date), 2 failed: 15.4 s of video in 1 min 23 s,"
                + " 3 of 8 clips reused.",
            "  line 3 (x), prepare: AUDIO_MISSING: There is no file a.wav.",
            "  line 12, prepare: AUDIO_MISSING: first second [1m",
            "videos:  gs://bucket/out",
            "results: gs://bucket/out/results.jsonl",
            "failed:  gs://bucket/out/dead-letter.jsonl (mend these lines and run the same command"
                + " again)",
            "report:  gs://bucket/out/report.html");
  }

  @Test
  void doesNotSayThatThereWasNothingToDoWhenAllFailed() {
    List<FailedRequest> failures =
        IntStream.rangeClosed(1, 7).mapToObj(line -> failure(line, "f" + line)).toList();

    List<String> lines = RunSummary.lines(List.of(), failures, Duration.ofMillis(300), "o", false);

    assertThat(lines).first().isEqualTo("0 videos done, 7 failed in 0.3 s.");
    assertThat(lines).filteredOn(line -> line.startsWith("  line")).hasSize(5);
    assertThat(lines).contains("  and 2 more");
  }

  private static RenderedVideo untouched(String id) {
    return video(id).toBuilder().setUntouched(true).setClipsReused(4).build();
  }
}
