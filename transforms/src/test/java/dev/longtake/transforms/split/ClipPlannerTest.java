package dev.longtake.transforms.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.spi.FrameRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClipPlannerTest {
  private static final ClipPlanner PLANNER = new ClipPlanner(48);

  @Test
  void givesTheFirstClipOfATakeThreeFramesLess() {
    assertThat(PLANNER.clips(new FrameRange(1000, 45 + 48 + 48)))
        .containsExactly(
            new FrameRange(1000, 45), new FrameRange(1045, 48), new FrameRange(1093, 48));
  }

  @Test
  void keepsOfTheLastClipWhatTheTakeNeeds() {
    assertThat(PLANNER.clips(new FrameRange(0, 46)))
        .containsExactly(new FrameRange(0, 45), new FrameRange(45, 1));
    assertThat(PLANNER.clips(new FrameRange(7, 1))).containsExactly(new FrameRange(7, 1));
  }

  @ParameterizedTest(name = "{0} frames in clips of {1}: {2}")
  @CsvSource({"1, 12, 1", "9, 12, 1", "10, 12, 2", "45, 48, 1", "46, 48, 2", "15000, 48, 313"})
  void countsClips(int frames, int inferFrames, int clips) {
    assertThat(new ClipPlanner(inferFrames).count(frames)).isEqualTo(clips);
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {1, 2, 3})
  void coversEveryFrameOfEveryTakeOnce(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      ClipPlanner planner = new ClipPlanner(12 * (1 + random.nextInt(8)));
      FrameRange take = new FrameRange(random.nextInt(5000), 1 + random.nextInt(5000));
      List<FrameRange> clips = planner.clips(take);

      int end = take.first();
      for (FrameRange clip : clips) {
        assertThat(clip.first()).isEqualTo(end);
        end = clip.end();
      }
      assertThat(end).isEqualTo(take.end());
      assertThat(clips).hasSize(planner.count(take.count()));
    }
  }

  @Test
  void limitsClipsWithoutTouchingTakesThatFit() {
    List<FrameRange> takes =
        List.of(new FrameRange(0, 100), new FrameRange(100, 45), new FrameRange(145, 500));
    assertThat(PLANNER.limit(takes, 1)).containsExactly(new FrameRange(0, 45));
    assertThat(PLANNER.limit(takes, 3)).containsExactly(new FrameRange(0, 100));
    assertThat(PLANNER.limit(takes, 4))
        .containsExactly(new FrameRange(0, 100), new FrameRange(100, 45));
    assertThat(PLANNER.limit(takes, 6))
        .containsExactly(new FrameRange(0, 100), new FrameRange(100, 45), new FrameRange(145, 93));
    assertThat(PLANNER.limit(takes, Integer.MAX_VALUE)).isEqualTo(takes);
  }

  @Test
  void numbersAllClipsOfARequestAndRoutesThem() {
    PreparedRequest request = request(List.of(new FrameRange(0, 93), new FrameRange(93, 50)));

    List<Clip> inOrder = PLANNER.split(request, ClipRouting.BY_REQUEST);
    List<String> described = new ArrayList<>();
    for (Clip clip : inOrder) {
      described.add(
          "%d/%d %d+%d %s"
              .formatted(
                  clip.getTake(),
                  clip.getClip(),
                  clip.getFirstFrame(),
                  clip.getFrames(),
                  clip.getRoutingKey()));
    }
    assertThat(described)
        .containsExactly(
            "0/0 0+45 lesson", "0/1 45+48 lesson", "1/0 93+45 lesson", "1/1 138+5 lesson");
    assertThat(inOrder).allMatch(clip -> clip.getRequest().equals(request));
    assertThat(PLANNER.split(request, ClipRouting.BY_TAKE))
        .extracting(Clip::getRoutingKey)
        .containsExactly(
            "lesson/take-0000", "lesson/take-0000", "lesson/take-0001", "lesson/take-0001");
  }

  @Test
  void refusesFramesThatAreNoWholeBlocks() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClipPlanner(80))
        .withMessageContaining("inferFrames must be a positive multiple of 12, but was 80");
  }

  private static PreparedRequest request(List<FrameRange> takes) {
    List<PlannedTake> planned = new ArrayList<>();
    for (FrameRange take : takes) {
      planned.add(
          PlannedTake.builder()
              .setIndex(planned.size())
              .setFirstFrame(take.first())
              .setFrames(take.count())
              .setHash("hash-" + planned.size())
              .build());
    }
    return PreparedRequest.builder()
        .setRequest(
            RenderRequest.builder()
                .setLine(1)
                .setSource("{}")
                .setId("lesson")
                .setImage("a.png")
                .setAudio("a.wav")
                .setPrompt("")
                .setSeed(0)
                .build())
        .setHash("request")
        .setWidth(64)
        .setHeight(64)
        .setFrames(143)
        .setPicture("picture")
        .setSpeechSamples(16_000)
        .setSound("objects/sound")
        .setSpeech("speech")
        .setTakes(planned)
        .build();
  }
}
