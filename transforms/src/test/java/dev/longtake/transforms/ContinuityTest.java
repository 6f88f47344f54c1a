package dev.longtake.transforms;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.runtime.testing.FakeEngineProvider.EndedTake;
import dev.longtake.runtime.testing.FakeEngineProvider.GeneratedClip;
import dev.longtake.runtime.testing.FakeEngineProvider.OpenedTake;
import dev.longtake.transforms.media.SampleMedia;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a take starts from, and what is rendered again when something changes. */
class ContinuityTest {
  private static final double SECONDS = 8; // four takes of 2 s, two clips each
  private static final int FRAMES = 200;
  private static final String[] FOUR_TAKES = {"--takeSeconds=2", "--takePlanner=fixed"};

  @TempDir private Path root;
  private FakeEngineProvider engines;
  private Workshop workshop;

  @BeforeEach
  void bringInputs() throws IOException {
    engines = new FakeEngineProvider();
    workshop = Workshop.of(root, engines).picture().voice("a", SECONDS, 150).requests("a");
  }

  @Test
  void strictMakesOneTakeThatStartsFromThePicture() throws IOException {
    Workshop.Run run = workshop.run("--continuity=strict", "--takeSeconds=2");

    assertThat(run.result("a").path("takes").asInt()).isEqualTo(1);
    assertThat(run.result("a").path("frames").asInt()).isEqualTo(FRAMES);
    assertThat(engines.takes()).hasSize(1);
    assertThat(engines.takes().get(0).start().moving()).isFalse();
    assertThat(engines.ends()).isEmpty();
    assertThat(engines.clips()).extracting(GeneratedClip::clip).containsExactlyElementsOf(to(5));
  }

  @Test
  void carriedTakesGoOnFromTheEndOfTheOneBefore() throws IOException {
    Workshop.Run run = run("carry");

    assertThat(run.result("a").path("takes").asInt()).isEqualTo(4);
    assertThat(engines.takes()).extracting(OpenedTake::take).containsExactly(0, 1, 2, 3);
    assertThat(engines.takes().get(0).start().moving()).isFalse();
    assertThat(engines.ends()).extracting(EndedTake::take).startsWith(0, 1, 2);
    for (int take = 1; take < 4; take++) {
      EndedTake before = engines.ends().get(take - 1);
      assertThat(before.keptFrames()).isEqualTo(50);
      assertThat(engines.takes().get(take).start()).isEqualTo(before.state());
      assertThat(engines.takes().get(take).start().moving()).isTrue();
    }
  }

  @Test
  void parallelTakesAllStartFromThePicture() throws IOException {
    run("parallel");

    assertThat(engines.takes()).extracting(OpenedTake::take).containsExactlyInAnyOrder(0, 1, 2, 3);
    assertThat(engines.takes()).extracting(OpenedTake::start).containsOnly(still());
    assertThat(engines.ends()).isEmpty();
  }

  @Test
  void carryRendersAChangedTakeAndThoseAfterItAgain() throws IOException {
    run("carry");
    List<Long> before = SampleMedia.checksums(workshop.video("a"));
    int takesBefore = engines.takes().size();
    changeSpeech(2.5, 3.5);

    Workshop.Run run = run("carry");

    assertThat(takesSince(takesBefore)).containsExactly(1, 2, 3);
    assertThat(run.result("a").path("clipsReused").asInt()).isEqualTo(2);
    List<Long> after = SampleMedia.checksums(workshop.video("a"));
    assertThat(after.subList(0, 50)).isEqualTo(before.subList(0, 50));
    assertThat(after.subList(150, FRAMES)).isNotEqualTo(before.subList(150, FRAMES));
  }

  @Test
  void parallelRendersTheChangedTakeAgainAlone() throws IOException {
    run("parallel");
    List<Long> before = SampleMedia.checksums(workshop.video("a"));
    int takesBefore = engines.takes().size();
    changeSpeech(2.5, 3.5);

    Workshop.Run run = run("parallel");

    assertThat(takesSince(takesBefore)).containsExactly(1);
    assertThat(run.result("a").path("clipsReused").asInt()).isEqualTo(6);
    List<Long> after = SampleMedia.checksums(workshop.video("a"));
    assertThat(after.subList(0, 50)).isEqualTo(before.subList(0, 50));
    assertThat(after.subList(50, 100)).isNotEqualTo(before.subList(50, 100));
    // The first clip of the take behind it, 45 frames, is faded in from it anew.
    assertThat(after.subList(100, 106)).isNotEqualTo(before.subList(100, 106));
    assertThat(after.subList(145, FRAMES)).isEqualTo(before.subList(145, FRAMES));
  }

  // The three frames that are dropped at a take's start hear what was said just before it.
  @Test
  void aChangeJustBeforeATakeChangesThatTakeToo() throws IOException {
    run("parallel");
    int takesBefore = engines.takes().size();
    changeSpeech(3.95, 3.99);

    run("parallel");

    assertThat(takesSince(takesBefore)).containsExactlyInAnyOrder(1, 2);
  }

  @Test
  void anotherPromptRendersEverythingAgain() throws IOException {
    run("carry");
    int takesBefore = engines.takes().size();
    workshop.manifest(
        List.of(Workshop.request("a").replace("\"prompt\":\"a\"", "\"prompt\":\"b\"")));

    run("carry");

    assertThat(takesSince(takesBefore)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void aMovedPictureAndAnotherIdRenderNothingAgain() throws IOException {
    run("carry");
    int takesBefore = engines.takes().size();
    Path moved = Files.createDirectory(root.resolve("moved"));
    Files.move(root.resolve(Workshop.PICTURE), moved.resolve("other.png"));
    workshop.manifest(
        List.of(
            Workshop.request("a")
                .replace(Workshop.PICTURE, "moved/other.png")
                .replace("\"id\":\"a\"", "\"id\":\"b\"")));

    Workshop.Run run = run("carry");

    assertThat(takesSince(takesBefore)).isEmpty();
    assertThat(run.result("b").path("clipsReused").asInt()).isEqualTo(8);
    assertThat(workshop.video("b")).hasSameBinaryContentAs(workshop.video("a"));
  }

  @Test
  void numClipEndsTheVideoEarlyAndIsTheStartOfTheWholeOne() throws IOException {
    Workshop.Run shortened = workshop.run(with("carry", "--numClip=3"));
    List<Long> start = SampleMedia.checksums(workshop.video("a"));
    int takesBefore = engines.takes().size();

    Workshop.Run whole = run("carry");

    assertThat(shortened.result("a").path("frames").asInt()).isEqualTo(95);
    assertThat(shortened.result("a").path("clips").asInt()).isEqualTo(3);
    assertThat(start).hasSize(95);
    assertThat(whole.result("a").path("frames").asInt()).isEqualTo(FRAMES);
    assertThat(SampleMedia.checksums(workshop.video("a")).subList(0, 50))
        .isEqualTo(start.subList(0, 50));
    assertThat(takesSince(takesBefore)).containsExactly(1, 2, 3); // take 1 was cut short
  }

  @Test
  void takesThatFitIntoNumClipAreUsedAgainWithoutIt() throws IOException {
    workshop.run(with("carry", "--numClip=4")); // takes 0 and 1
    int takesBefore = engines.takes().size();

    run("carry");

    assertThat(takesSince(takesBefore)).containsExactly(2, 3);
  }

  @Test
  void cutsTakesInThePauses() throws IOException {
    workshop.voice("a", 16, 150).run("--continuity=parallel", "--takeSeconds=5");

    // Pauses of 0.4 s end every 2.4 s; a cut may lie 0.8 s from every fifth second.
    assertThat(engines.takes()).hasSize(3);
    List<Integer> firstFrames =
        workshop.stored("clip-00000").stream()
            .filter(file -> file.toString().endsWith(".json"))
            .map(ContinuityTest::firstFrame)
            .sorted()
            .toList();
    assertThat(firstFrames).containsExactly(0, 115, 235);
  }

  private static int firstFrame(Path marker) {
    try {
      return new ObjectMapper().readTree(marker.toFile()).path("firstFrame").asInt();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Workshop.Run run(String continuity) throws IOException {
    return workshop.run(with(continuity));
  }

  private static String[] with(String continuity, String... more) {
    return Stream.of(List.of("--continuity=" + continuity), List.of(FOUR_TAKES), List.of(more))
        .flatMap(List::stream)
        .toArray(String[]::new);
  }

  private void changeSpeech(double fromSeconds, double toSeconds) throws IOException {
    IntToDoubleFunction other = SampleMedia.voice(210);
    SampleMedia.wav(
        root.resolve("a.wav"),
        SECONDS,
        SampleMedia.replaced(SampleMedia.voice(150), other, fromSeconds, toSeconds));
  }

  private List<Integer> takesSince(int before) {
    return engines.takes().stream().skip(before).map(OpenedTake::take).toList();
  }

  private TakeState still() {
    return engines.takes().get(0).start();
  }

  private static List<Integer> to(int end) {
    return IntStream.range(0, end).boxed().toList();
  }
}
