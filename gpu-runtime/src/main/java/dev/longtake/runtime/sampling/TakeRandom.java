package dev.longtake.runtime.sampling;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * The random numbers of one take: noise to start from, and how far away the reference is.
 *
 * <p>Each is a function of (seed, take, clip, block, step), so that the pixels do not depend on
 * which worker renders a clip, or when.
 *
 * @param seed of the request
 * @param take index of the take in its video
 */
public record TakeRandom(long seed, int take) implements TakeNoise {
  private static final int NEAREST_REFERENCE = 4;
  private static final int FARTHEST_REFERENCE = 30;
  private static final int NOISE = 1;
  private static final int DISTANCE = 2;
  private static final double UNIT = 0x1p-32;

  @Override
  public void noise(int clip, int block, float[] out) {
    int[] words = new int[4];
    for (int i = 0; i < out.length; i += words.length) {
      fill(words, i / words.length, NOISE, clip, block, 0);
      for (int pair = 0; pair < words.length; pair += 2) {
        // Box and Muller 1958. The half keeps the logarithm's argument above 0.
        double radius = StrictMath.sqrt(-2 * StrictMath.log(uniform(words[pair])));
        double angle = 2 * Math.PI * uniform(words[pair + 1]);
        put(out, i + pair, radius * StrictMath.cos(angle));
        put(out, i + pair + 1, radius * StrictMath.sin(angle));
      }
    }
  }

  @Override
  public int relativeDistance(int clip, int block, int step) {
    int[] words = new int[4];
    fill(words, 0, DISTANCE, clip, block, step);
    int range = FARTHEST_REFERENCE - NEAREST_REFERENCE + 1;
    return NEAREST_REFERENCE + (int) (uniform(words[0]) * range);
  }

  private void fill(int[] words, int index, int purpose, int clip, int block, int step) {
    checkArgument(
        block >> 16 == 0 && step >> 8 == 0, "block %s or step %s is out of range", block, step);
    words[0] = index;
    words[1] = purpose << 24 | block << 8 | step;
    words[2] = clip;
    words[3] = take;
    Philox.generate(seed, words);
  }

  /** Returns a number between 0 and 1, neither of them included. */
  private static double uniform(int word) {
    return ((word & 0xFFFFFFFFL) + 0.5) * UNIT;
  }

  private static void put(float[] out, int index, double value) {
    if (index < out.length) {
      out[index] = (float) value;
    }
  }
}
