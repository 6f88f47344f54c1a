package dev.longtake.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TakeRandomTest {
  private static final long SEED = 420;
  private static final int NORMALS = 1 << 20;

  @Test
  void givesTheSameNumbersAgain() {
    TakeRandom random = new TakeRandom(SEED, 3);
    float[] first = noise(random, 5, 2, 1000);
    random.noise(7, 1, new float[10]);
    assertThat(noise(random, 5, 2, 1000)).isEqualTo(first);
    assertThat(noise(new TakeRandom(SEED, 3), 5, 2, 1000)).isEqualTo(first);
    assertThat(random.relativeDistance(5, 2, 3)).isEqualTo(random.relativeDistance(5, 2, 3));
  }

  @Test
  void givesOtherNoiseForEveryPartOfTheKey() {
    List<float[]> noises =
        List.of(
            noise(new TakeRandom(SEED, 3), 5, 2, 100),
            noise(new TakeRandom(SEED + 1, 3), 5, 2, 100),
            noise(new TakeRandom(SEED + (1L << 32), 3), 5, 2, 100),
            noise(new TakeRandom(SEED, 4), 5, 2, 100),
            noise(new TakeRandom(SEED, 3), 6, 2, 100),
            noise(new TakeRandom(SEED, 3), 5, 3, 100),
            noise(new TakeRandom(SEED, 5), 3, 2, 100), // take and clip exchanged
            noise(new TakeRandom(SEED, 3), 2, 5, 100)); // clip and block exchanged
    for (int i = 0; i < noises.size(); i++) {
      for (int j = 0; j < i; j++) {
        assertThat(Math.abs(correlation(noises.get(i), noises.get(j))))
            .as("noises %s and %s", i, j)
            .isLessThan(0.5); // five standard deviations of 100 independent pairs
      }
    }
  }

  @Test
  void givesOtherDistancesForEveryPartOfTheKey() {
    List<List<Integer>> sequences = new ArrayList<>();
    for (int variant = 0; variant < 5; variant++) {
      TakeRandom random = new TakeRandom(SEED + (variant == 1 ? 1 : 0), variant == 2 ? 1 : 0);
      int block = variant == 3 ? 1 : 0;
      int step = variant == 4 ? 1 : 0;
      List<Integer> sequence = new ArrayList<>();
      for (int clip = 0; clip < 40; clip++) {
        sequence.add(random.relativeDistance(clip, block, step));
      }
      sequences.add(sequence);
    }
    assertThat(sequences).doesNotHaveDuplicates();
  }

  @Test
  void normalsHaveTheMomentsOfTheStandardNormal() {
    float[] values = noise(new TakeRandom(SEED, 0), 0, 0, NORMALS);
    double[] moments = new double[5];
    int withinOne = 0;
    // A value that is not finite makes all moments so.
    for (float value : values) {
      for (int power = 1; power <= 4; power++) {
        moments[power] += Math.pow(value, power) / NORMALS;
      }
      withinOne += Math.abs(value) < 1 ? 1 : 0;
    }
    // Five standard errors; those of the moments are the roots of 1, 2, 15 and 96 over n.
    double error = 5 / Math.sqrt(NORMALS);
    assertThat(moments[1]).isCloseTo(0, within(error));
    assertThat(moments[2]).isCloseTo(1, within(Math.sqrt(2) * error));
    assertThat(moments[3]).isCloseTo(0, within(Math.sqrt(15) * error));
    assertThat(moments[4]).isCloseTo(3, within(Math.sqrt(96) * error));
    assertThat(withinOne / (double) NORMALS).isCloseTo(0.682689492, within(0.4655 * error));
  }

  @Test
  void neighbouringNormalsAreIndependent() {
    float[] values = noise(new TakeRandom(SEED, 0), 0, 0, NORMALS);
    for (int lag = 1; lag <= 5; lag++) {
      float[] early = Arrays.copyOf(values, NORMALS - lag);
      float[] late = Arrays.copyOfRange(values, lag, NORMALS);
      assertThat(correlation(early, late))
          .as("lag %s", lag)
          .isCloseTo(0, within(5 / Math.sqrt(NORMALS))); // five standard errors
      assertThat(correlation(squares(early), squares(late)))
          .as("squares, lag %s", lag)
          .isCloseTo(0, within(5 / Math.sqrt(NORMALS)));
    }
  }

  @Test
  void fillsArraysOfAnyLengthWithTheSameSequence() {
    TakeRandom random = new TakeRandom(SEED, 0);
    float[] whole = noise(random, 0, 0, 12);
    for (int length = 0; length < 12; length++) {
      assertThat(noise(random, 0, 0, length)).isEqualTo(Arrays.copyOf(whole, length));
    }
  }

  @Test
  void distancesCoverFourToThirtyEvenly() {
    TakeRandom random = new TakeRandom(SEED, 0);
    int[] counts = new int[40];
    int draws = 0;
    for (int clip = 0; clip < 2700; clip++) {
      for (int block = 0; block < 10; block++) {
        counts[random.relativeDistance(clip, block, clip % 4)]++;
        draws++;
      }
    }
    double expected = draws / 27.0;
    for (int distance = 0; distance < counts.length; distance++) {
      if (distance < 4 || distance > 30) {
        assertThat(counts[distance]).as("distance %s", distance).isZero();
      } else {
        // Five standard deviations of a count.
        assertThat((double) counts[distance])
            .as("distance %s", distance)
            .isCloseTo(expected, within(5 * Math.sqrt(expected)));
      }
    }
  }

  @Test
  void refusesIndexesThatWouldRepeatOtherNumbers() {
    TakeRandom random = new TakeRandom(SEED, 0);
    assertThatThrownBy(() -> random.noise(0, 1 << 16, new float[1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("65536");
    assertThatThrownBy(() -> random.relativeDistance(0, 0, 256))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("256");
    assertThatThrownBy(() -> random.relativeDistance(0, -1, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static float[] noise(TakeRandom random, int clip, int block, int count) {
    float[] values = new float[count];
    random.noise(clip, block, values);
    return values;
  }

  private static float[] squares(float[] values) {
    float[] squares = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      squares[i] = (values[i] * values[i] - 1) / (float) Math.sqrt(2);
    }
    return squares;
  }

  /** Returns the mean product of values that have mean 0 and variance 1. */
  private static double correlation(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum / a.length;
  }
}
