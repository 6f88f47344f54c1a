package dev.longtake.transforms.sink;

import static dev.longtake.transforms.sink.SinkSamples.failure;
import static dev.longtake.transforms.sink.SinkSamples.video;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.transforms.sink.SinkSamples.FakeClock;
import java.io.IOException;
import java.io.Writer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProgressViewTest {
  private final FakeClock clock = new FakeClock();
  private final StringBuilder out = new StringBuilder();

  @Test
  void logsAtMostEveryPeriodPerVideoAndAtItsEnd() throws IOException {
    ProgressView view = ProgressView.asLog(out, clock, Duration.ofSeconds(10));
    view.videoStarted(1, "a", 4, 192);
    view.draw();
    for (int clip = 0; clip < 3; clip++) {
      clock.advance(5);
      view.clipDone("a", 0, clip, 48, false);
      view.draw();
    }
    clock.advance(60); // nothing new: no line
    view.draw();
    view.clipDone("a", 0, 3, 48, false);
    view.videoDone(video("a"));
    view.draw();
    view.close();

    assertThat(out.toString())
        .isEqualTo(
            """
            a: started, 4 clips
            a: 2/4 clips, 9.60 fps, ETA 0:10
            a: done in 1:15, 7.7 s of video, 9.60 fps, 4 clips: out/a.mp4
            """
                .replace("a: done", "a: 3/4 clips, 9.60 fps, ETA 0:00\na: done"));
  }

  @Test
  void redrawsRunningVideosInPlaceAndLetsFinishedOnesScrollUp() throws IOException {
    ProgressView view = ProgressView.onTerminal(out, clock, 100, 24);
    Terminal terminal = new Terminal();
    view.videoStarted(1, "lesson-1", 4, 192);
    view.videoStarted(2, "b", 2, 96);
    view.draw();
    assertThat(terminal.shows(out))
        .containsExactly(
            "lesson-1 [....................]       0/4 clips",
            "b        [....................]       0/2 clips",
            "0 videos done, 2 running, 0:00 elapsed");

    clock.advance(4);
    view.clipDone("lesson-1", 0, 0, 48, false);
    clock.advance(4);
    view.clipDone("lesson-1", 0, 1, 48, false);
    view.draw();
    assertThat(terminal.shows(out))
        .containsExactly(
            "lesson-1 [##########..........]       2/4 clips   12.0 fps  ETA 0:08",
            "b        [....................]       0/2 clips",
            "0 videos done, 2 running, 0:08 elapsed");

    view.videoDone(video("b"));
    view.videoFailed(failure(7, null));
    clock.advance(1);
    view.draw();
    assertThat(terminal.shows(out))
        .containsExactly(
            "b: done in 0:08, 7.7 s of video, 9.60 fps, 4 clips: out/b.mp4",
            "line 7: FAILED in prepare, AUDIO_MISSING: There is no file a.wav.",
            "lesson-1 [##########..........]       2/4 clips   12.0 fps  ETA 0:07",
            "1 video done, 1 FAILED, 1 running, 0:09 elapsed");

    view.videoDone(video("lesson-1"));
    view.close();
    assertThat(terminal.shows(out))
        .containsExactly(
            "b: done in 0:08, 7.7 s of video, 9.60 fps, 4 clips: out/b.mp4",
            "line 7: FAILED in prepare, AUDIO_MISSING: There is no file a.wav.",
            "lesson-1: done in 0:09, 7.7 s of video, 9.60 fps, 4 clips: out/lesson-1.mp4");
  }

  @Test
  void writesNothingWhenNothingHasChanged() throws IOException {
    ProgressView view = ProgressView.onTerminal(out, clock, 80, 24);
    view.videoStarted(1, "a", 4, 192);
    view.draw();
    int length = out.length();

    clock.advance(0.2);
    view.draw();

    assertThat(out).hasSize(length);
  }

  @Test
  void keepsEveryLineNarrowerThanTheTerminalAndTheWholeLowerThanIt() throws IOException {
    ProgressView view = ProgressView.onTerminal(out, clock, 40, 6);
    for (int i = 0; i < 9; i++) {
      view.videoStarted(i, "video-with-a-long-name-映像-" + i, 1000, 48_000);
    }
    view.draw();

    List<String> lines = new Terminal().shows(out);
    assertThat(lines).hasSize(5).contains("  and 6 more");
    assertThat(lines).allSatisfy(line -> assertThat(TerminalText.columns(line)).isLessThan(40));
  }

  @Test
  void countsAClipOnceHoweverOftenItIsSaid() throws IOException {
    ProgressView view = ProgressView.onTerminal(out, clock, 80, 24);
    view.videoStarted(1, "a", 4, 192);
    clock.advance(4);
    view.clipDone("a", 0, 0, 48, false);
    view.clipDone("a", 0, 0, 48, false);
    view.videoStarted(1, "a", 4, 192);
    view.clipDone("a", 1, 0, 48, false); // the same clip of another take
    view.draw();

    assertThat(new Terminal().shows(out)).first().asString().contains(" 2/4 clips", "24.0 fps");

    view.videoDone(video("a"));
    view.videoDone(video("a"));
    view.clipDone("a", 1, 1, 48, false); // a retry that comes late
    view.videoStarted(1, "a", 4, 192);
    view.draw();

    assertThat(new Terminal().shows(out))
        .hasSize(2)
        .last()
        .asString()
        .isEqualTo("1 video done, 0 running, 0:04 elapsed");
  }

  @Test
  void leavesReusedClipsOutOfTheSpeed() throws IOException {
    ProgressView view = ProgressView.onTerminal(out, clock, 80, 24);
    view.videoStarted(1, "a", 4, 192);
    clock.advance(30); // the model is being loaded
    view.clipDone("a", 0, 0, 48, true);
    view.clipDone("a", 0, 1, 48, true);
    view.draw();
    assertThat(new Terminal().shows(out)).first().asString().endsWith(" 2/4 clips");

    clock.advance(8);
    view.clipDone("a", 0, 2, 48, false);
    view.draw();
    assertThat(new Terminal().shows(out)).first().asString().endsWith("6.00 fps  ETA 0:08");
  }

  @Test
  void measuresTheSpeedOfTheLatestClips() throws IOException {
    ProgressView view = ProgressView.onTerminal(out, clock, 80, 24);
    view.videoStarted(1, "a", 60, 2880);
    for (int clip = 0; clip < 40; clip++) {
      clock.advance(clip < 20 ? 1 : 4);
      view.clipDone("a", 0, clip, 48, false);
    }
    view.draw();

    assertThat(new Terminal().shows(out)).first().asString().endsWith("12.0 fps  ETA 1:20");
  }

  @Test
  void countsUntouchedVideosWithoutALineEach() throws IOException {
    ProgressView view = ProgressView.onTerminal(out, clock, 80, 24);
    view.videoDone(video("a").toBuilder().setUntouched(true).build());
    view.draw();

    assertThat(new Terminal().shows(out))
        .containsExactly("0 videos done, 1 untouched, 0 running, 0:00 elapsed");
  }

  @Test
  void keepsAVideoRunningWhoseIdALaterLineRepeats() throws IOException {
    ProgressView view = ProgressView.asLog(out, clock, Duration.ZERO);
    view.videoStarted(1, "a", 4, 192);
    view.videoFailed(failure(9, "a"));
    view.videoFailed(failure(9, "a"));
    view.draw();
    clock.advance(4);
    view.clipDone("a", 0, 0, 48, false);
    view.draw();
    view.videoFailed(failure(1, "a"));
    view.clipDone("a", 0, 1, 48, false);
    view.draw();

    assertThat(out.toString())
        .isEqualTo(
            """
            a: started, 4 clips
            a: FAILED in prepare, AUDIO_MISSING: There is no file a.wav.
            a: 1/4 clips, 12.0 fps, ETA 0:12
            a: FAILED in prepare, AUDIO_MISSING: There is no file a.wav.
            """);
  }

  @Test
  void letsNoTextSteerTheTerminal() throws IOException {
    ProgressView view = ProgressView.asLog(out, clock, Duration.ZERO);
    view.videoStarted(1, "a\u001b[2J\r\n\u202eb", 1, 1);
    view.message("x\u0007\u009b31m\u2028y");
    view.close();

    assertThat(out.toString()).isEqualTo("a [2J  b: started, 1 clip\nx  31m y\n");
  }

  @Test
  void refusesAClipOfAVideoThatWasNotStarted() {
    ProgressView view = ProgressView.asLog(out, clock, Duration.ZERO);

    assertThatThrownBy(() -> view.clipDone("a", 0, 0, 48, false))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("A clip of video 'a' is done, but the video was not started.");
  }

  @Test
  void doesNotStopTheRenderingWhenTheTerminalStops() throws Exception {
    CountDownLatch writing = new CountDownLatch(1);
    CountDownLatch resumed = new CountDownLatch(1);
    ProgressView view =
        ProgressView.asLog(
            new Writer() {
              @Override
              public void write(char[] text, int offset, int length) throws IOException {
                writing.countDown();
                try {
                  resumed.await();
                } catch (InterruptedException e) {
                  throw new IOException(e);
                }
              }

              @Override
              public void flush() {}

              @Override
              public void close() {}
            },
            InstantSource.system(),
            Duration.ZERO);
    view.videoStarted(1, "a", 4, 192);
    try (SteadyTask ticker = SteadyTask.start("ticker", Duration.ofMillis(1), view::draw)) {
      assertThat(ticker).isNotNull();
      assertThat(writing.await(30, TimeUnit.SECONDS)).isTrue();

      view.clipDone("a", 0, 0, 48, false); // returns, though a line is being written
      view.videoDone(video("a"));
      resumed.countDown();
    }
  }

  @Test
  void losesNothingWhenManyThreadsReport() throws Exception {
    ProgressView view = ProgressView.asLog(out, clock, Duration.ZERO);
    view.videoStarted(1, "a", 4000, 4000);
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      int take = t;
      threads.add(
          new Thread(
              () -> {
                for (int clip = 0; clip < 1000; clip++) {
                  view.clipDone("a", take, clip, 1, false);
                }
              }));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      view.draw();
      thread.join();
    }
    clock.advance(1);
    view.draw();

    assertThat(out.toString()).contains("a: 4000/4000 clips");
  }

  /** Understands the sequences the view uses, and nothing else. */
  private static final class Terminal {
    private final List<StringBuilder> lines = new ArrayList<>(List.of(new StringBuilder()));
    private int row;
    private int column;
    private int read;

    List<String> shows(CharSequence output) {
      String text = output.toString();
      while (read < text.length()) {
        char character = text.charAt(read++);
        if (character == '\u001b') {
          int end = read;
          while (!Character.isLetter(text.charAt(end))) {
            end++;
          }
          obey(text.substring(read, end + 1));
          read = end + 1;
        } else if (character == '\n') {
          row++;
          column = 0;
          if (row == lines.size()) {
            lines.add(new StringBuilder());
          }
        } else if (character == '\r') {
          column = 0;
        } else {
          lines.get(row).replace(column, Math.min(column + 1, lines.get(row).length()), "");
          lines.get(row).insert(column++, character);
        }
      }
      return lines.stream().map(StringBuilder::toString).filter(line -> !line.isEmpty()).toList();
    }

    private void obey(String sequence) {
      if (sequence.matches("\\[\\d+A")) {
        row -= Integer.parseInt(sequence.substring(1, sequence.length() - 1));
        assertThat(row).isNotNegative();
      } else if (sequence.equals("[K")) {
        lines.get(row).setLength(column);
      } else if (sequence.equals("[J")) {
        lines.get(row).setLength(column);
        lines.subList(row + 1, lines.size()).clear();
      } else {
        assertThat(sequence).isIn("[?7l", "[?7h");
      }
    }
  }
}
