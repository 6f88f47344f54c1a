package dev.longtake.transforms.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.transforms.request.TakeHasher.Chaining;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TakeHasherTest {
  private static final int FRAME = 640;
  private static final List<FrameRange> TAKES =
      List.of(new FrameRange(0, 100), new FrameRange(100, 80), new FrameRange(180, 90));
  private static final int SAMPLES = 270 * FRAME - 100;
  private static final float[] SPEECH = noise(new Random(42), SAMPLES);

  private static float[] noise(Random random, int count) {
    float[] samples = new float[count];
    for (int i = 0; i < count; i++) {
      samples[i] = random.nextFloat() - 0.5f;
    }
    return samples;
  }

  private static List<String> hashes(float[] speech, Chaining chaining, int lead) {
    TakeHasher hasher = new TakeHasher("request", TAKES, chaining, lead, speech.length);
    hasher.accept(speech, 0, speech.length);
    return hasher.finish().stream().map(PlannedTake::getHash).toList();
  }

  /** Returns the takes whose hash is another one once the samples of a frame have changed. */
  private static List<Integer> changedBy(int frame, Chaining chaining, int lead) {
    float[] edited = SPEECH.clone();
    edited[frame * FRAME + 7] += 0.25f;
    List<String> before = hashes(SPEECH, chaining, lead);
    List<String> after = hashes(edited, chaining, lead);
    List<Integer> changed = new ArrayList<>();
    for (int take = 0; take < before.size(); take++) {
      if (!before.get(take).equals(after.get(take))) {
        changed.add(take);
      }
    }
    return changed;
  }

  @Test
  void changesOnlyTheTakeWhoseSpeechChangedIfTakesAreIndependent() {
    assertThat(changedBy(50, Chaining.INDEPENDENT, 3)).containsExactly(0);
    assertThat(changedBy(130, Chaining.INDEPENDENT, 3)).containsExactly(1);
    assertThat(changedBy(269, Chaining.INDEPENDENT, 3)).containsExactly(2);
  }

  @Test
  void changesAlsoTheTakesThatGoOnFromItIfTheyAreChained() {
    assertThat(changedBy(50, Chaining.CHAINED, 3)).containsExactly(0, 1, 2);
    assertThat(changedBy(130, Chaining.CHAINED, 3)).containsExactly(1, 2);
    assertThat(changedBy(269, Chaining.CHAINED, 3)).containsExactly(2);
  }

  @Test
  void knowsThatTheFramesDroppedAtACutAreHeardByBothTakes() {
    assertThat(changedBy(96, Chaining.INDEPENDENT, 3)).containsExactly(0);
    assertThat(changedBy(97, Chaining.INDEPENDENT, 3)).containsExactly(0, 1);
    assertThat(changedBy(99, Chaining.INDEPENDENT, 3)).containsExactly(0, 1);
    assertThat(changedBy(100, Chaining.INDEPENDENT, 3)).containsExactly(1);
    assertThat(changedBy(99, Chaining.INDEPENDENT, 0)).containsExactly(0);
    assertThat(changedBy(100, Chaining.INDEPENDENT, 0)).containsExactly(0, 1);
    assertThat(changedBy(103, Chaining.INDEPENDENT, 0)).containsExactly(1);
  }

  @Test
  void tellsEqualSpeechOfDifferentTakesRequestsAndLeadsApart() {
    float[] silence = new float[SAMPLES];
    List<String> hashes = new ArrayList<>(hashes(silence, Chaining.INDEPENDENT, 3));
    hashes.addAll(hashes(silence, Chaining.INDEPENDENT, 0));
    TakeHasher other = new TakeHasher("other", TAKES, Chaining.INDEPENDENT, 3, SAMPLES);
    other.accept(silence, 0, SAMPLES);
    other.finish().forEach(take -> hashes.add(take.getHash()));

    assertThat(hashes).hasSize(9).doesNotHaveDuplicates().allMatch(h -> h.matches("[0-9a-f]{64}"));
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {1, 2, 3})
  void doesNotCareHowTheSpeechIsCutIntoChunks(long seed) {
    Random random = new Random(seed);
    TakeHasher hasher = new TakeHasher("request", TAKES, Chaining.CHAINED, 3, SAMPLES);
    for (int at = 0; at < SAMPLES; ) {
      int count = Math.min(SAMPLES - at, random.nextInt(20_000));
      hasher.accept(SPEECH, at, count);
      at += count;
    }

    assertThat(hasher.finish())
        .extracting(PlannedTake::getHash)
        .isEqualTo(hashes(SPEECH, Chaining.CHAINED, 3));
  }

  @Test
  void keepsTheTakesAsTheyWerePlanned() {
    TakeHasher hasher = new TakeHasher("request", TAKES, Chaining.CHAINED, 3, SAMPLES);
    hasher.accept(SPEECH, 0, SAMPLES);

    assertThat(hasher.finish())
        .extracting(take -> new FrameRange(take.getFirstFrame(), take.getFrames()))
        .isEqualTo(TAKES);
  }

  @Test
  void refusesSpeechThatIsNotWhole() {
    TakeHasher hasher = new TakeHasher("request", TAKES, Chaining.CHAINED, 3, SAMPLES);
    hasher.accept(SPEECH, 0, SAMPLES - 1);

    assertThatIllegalStateException()
        .isThrownBy(hasher::finish)
        .withMessageContaining("172700 samples were announced, but 172699 came");
  }

  @Test
  void hearsNothingOutsideOfTheFile() {
    assertThat(TakeSpeech.of(new FrameRange(0, 10), 3, 6000)).isEqualTo(new TakeSpeech(0, 6000));
    assertThat(TakeSpeech.of(new FrameRange(0, 10), 3, 9000)).isEqualTo(new TakeSpeech(0, 6400));
    assertThat(TakeSpeech.of(new FrameRange(0, 10), 0, 9000)).isEqualTo(new TakeSpeech(0, 8320));
    assertThat(TakeSpeech.of(new FrameRange(10, 5), 3, 6300)).isEqualTo(new TakeSpeech(4480, 1820));
    assertThat(TakeSpeech.of(new FrameRange(0, 1), 9, 6300)).isEqualTo(new TakeSpeech(0, 0));
  }
}
