package dev.longtake.transforms.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.pipeline.spi.SpeechEnvelope;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SilenceTakePlannerTest {
  private static final SilenceTakePlanner PLANNER = new SilenceTakePlanner(60);

  private static List<Integer> cuts(SpeechEnvelope speech) {
    return PLANNER.plan(speech).stream().skip(1).map(FrameRange::first).toList();
  }

  @Test
  void cutsInTheMiddleOfAPause() {
    assertThat(cuts(new SpeechSketch(100).pause(64.0, 64.8).envelope()))
        .containsExactly((int) (64.4 * 25));
  }

  @Test
  void prefersTheLongestPauseToTheNearest() {
    assertThat(
            cuts(
                new SpeechSketch(100)
                    .pause(59.9, 60.2)
                    .pause(52, 53.04)
                    .pause(66, 66.5)
                    .envelope()))
        .containsExactly((int) (52.52 * 25));
  }

  @Test
  void takesTheNearerOfTwoEqualPauses() {
    assertThat(cuts(new SpeechSketch(100).pause(54, 54.8).pause(64, 64.8).envelope()))
        .containsExactly((int) (64.4 * 25));
    assertThat(cuts(new SpeechSketch(100).pause(56, 56.8).pause(65, 65.8).envelope()))
        .containsExactly((int) (56.4 * 25));
  }

  @Test
  void ignoresPausesOutOfReach() {
    assertThat(cuts(new SpeechSketch(100).pause(45, 49).pause(61, 61.4).pause(71, 80).envelope()))
        .containsExactly((int) (61.2 * 25));
  }

  @Test
  void doesNotTakeTheClosureOfAConsonantForAPause() {
    assertThat(cuts(new SpeechSketch(100).pause(60.0, 60.1).pause(67.0, 67.2).envelope()))
        .containsExactly((int) (67.1 * 25) + 1); // 1677.5, and both neighbours lie in the pause
  }

  @Test
  void cutsWhereTheVoiceIsLowestIfNobodyPauses() {
    float lower = SpeechSketch.VOICE * 0.5f;
    assertThat(cuts(new SpeechSketch(100).level(57.0, 57.2, lower).envelope()))
        .first()
        .satisfies(cut -> assertThat(cut / 25.0).isBetween(57.0, 57.2));
  }

  @Test
  void findsPausesUnderNoise() {
    float noise = SpeechSketch.VOICE * 0.15f; // 16 dB below the voice
    SpeechSketch speech = new SpeechSketch(100).level(55, 56.04, noise).level(63, 63.5, noise);
    assertThat(cuts(speech.envelope())).containsExactly((int) (55.52 * 25));
  }

  @Test
  void cutsSilenceAndSteadySoundWhereACutBelongs() {
    assertThat(cuts(new SpeechSketch(200).envelope())).containsExactly(1500, 3000, 4500);
    assertThat(cuts(new SpeechSketch(200).pause(0, 200).envelope()))
        .containsExactly(1500, 3000, 4500);
    assertThat(cuts(new SpeechEnvelope(5000, new float[1]))).containsExactly(1500, 3000, 4500);
  }

  @Test
  void sparesALoneWordInALongSilence() {
    SpeechSketch speech = new SpeechSketch(100).pause(0, 100).level(59.5, 60.5, SpeechSketch.VOICE);
    assertThat(cuts(speech.envelope()))
        .first()
        .satisfies(cut -> assertThat(cut / 25.0).isNotCloseTo(60, within(0.6)));
  }

  @Test
  void leavesAShortVideoWhole() {
    assertThat(PLANNER.plan(new SpeechSketch(0.4).envelope()))
        .containsExactly(new FrameRange(0, 10));
    assertThat(PLANNER.plan(new SpeechSketch(79.9).envelope())).hasSize(1);
    assertThat(PLANNER.plan(new SpeechSketch(80).envelope())).hasSize(2);
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void coversEveryFrameOnceInTakesThatAreLongEnough(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 50; round++) {
      double takeSeconds = 1 + random.nextDouble() * 90;
      SpeechEnvelope speech =
          SpeechSketch.random(random, 0.4 + random.nextDouble() * 400).envelope();
      List<FrameRange> takes = new SilenceTakePlanner(takeSeconds).plan(speech);

      FrameRange.requirePartition(takes, speech.frames());
      int takeFrames = (int) Math.round(takeSeconds * 25);
      int reach = Math.min(250, takeFrames / 6);
      int fewest = Math.min(250, takeFrames * 2 / 3);
      for (int i = 1; i < takes.size(); i++) {
        assertThat(takes.get(i).first()).isBetween(i * takeFrames - reach, i * takeFrames + reach);
      }
      for (FrameRange take : takes) {
        assertThat(take.count())
            .isBetween(Math.min(fewest, speech.frames()), takeFrames + 2 * reach + fewest);
      }
      assertThat(new SilenceTakePlanner(takeSeconds).plan(speech)).isEqualTo(takes);
    }
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {11, 12, 13, 14, 15})
  void neverCutsAWordIfThereIsAPauseWithinReach(long seed) {
    Random random = new Random(seed);
    SpeechSketch sketch = SpeechSketch.random(random, 600);
    float[] energy = sketch.energy();
    for (int cut : cuts(sketch.envelope())) {
      boolean quiet =
          IntStream.range(cut * 4 - 4, cut * 4 + 4)
              .allMatch(window -> energy[window] == SpeechSketch.ROOM);
      assertThat(quiet).as("sound around frame %s", cut).isTrue();
    }
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {21, 22, 23, 24, 25})
  void movesNoCutBeyondReachOfWhatChanged(long seed) {
    Random random = new Random(seed);
    double seconds = 600;
    SpeechEnvelope before = SpeechSketch.random(random, seconds).envelope();
    List<Integer> cutsBefore = cuts(before);
    for (int round = 0; round < 40; round++) {
      int from = random.nextInt(before.windows() - 500);
      int to = from + 1 + random.nextInt(6000);
      float[] energy = before.energy();
      for (int i = from; i < Math.min(to, energy.length); i++) {
        energy[i] = random.nextFloat() < 0.5 ? SpeechSketch.ROOM : random.nextFloat();
      }
      List<Integer> after = cuts(new SpeechEnvelope(before.frames(), energy));
      List<Integer> moved = new ArrayList<>();
      for (int i = 0; i < cutsBefore.size(); i++) {
        if (!after.get(i).equals(cutsBefore.get(i))) {
          moved.add((i + 1) * 1500);
        }
      }
      int first = from / 4 - 250;
      int last = to / 4 + 250;
      assertThat(moved).allSatisfy(wanted -> assertThat(wanted).isBetween(first, last));
      assertThat(after).hasSameSizeAs(cutsBefore);
    }
  }

  @Test
  void refusesImpossibleLengths() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SilenceTakePlanner(0.5))
        .withMessageContaining("takeSeconds must be from 1.0 to 86400.0, but was 0.5");
    assertThatIllegalArgumentException().isThrownBy(() -> new SilenceTakePlanner(Double.NaN));
  }
}
