package dev.longtake.runtime.model.picture;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * Resizes one dimension of 8-bit data with a triangle filter that widens when shrinking, as Pillow
 * does, in the same fixed-point arithmetic.
 */
final class BilinearFilter {
  private static final int FRACTION_BITS = 22;
  private static final int HALF = 1 << (FRACTION_BITS - 1);

  private final int[] firstTap;
  private final int[][] weights;

  private BilinearFilter(int[] firstTap, int[][] weights) {
    this.firstTap = firstTap;
    this.weights = weights;
  }

  /** Works out which inputs each output is made of, and their shares. */
  static BilinearFilter between(int inputs, int outputs) {
    int[] firstTap = new int[outputs];
    int[][] weights = new int[outputs][];
    double scale = (double) inputs / outputs;
    double reach = Math.max(scale, 1);
    for (int i = 0; i < outputs; i++) {
      double centre = (i + 0.5) * scale;
      int first = Math.max(0, (int) (centre - reach + 0.5));
      int end = Math.min(inputs, (int) (centre + reach + 0.5));
      firstTap[i] = first;
      weights[i] = shares(first, end - first, centre, reach);
    }
    return new BilinearFilter(firstTap, weights);
  }

  private static int[] shares(int first, int count, double centre, double reach) {
    double[] exact = new double[count];
    double sum = 0;
    for (int tap = 0; tap < count; tap++) {
      // Multiplied by the reciprocal, not divided: the last bit decides what is rounded to.
      double distance = Math.abs((tap + first - centre + 0.5) * (1 / reach));
      exact[tap] = Math.max(0, 1 - distance);
      sum += exact[tap];
    }
    int[] fixed = new int[count];
    for (int tap = 0; tap < count; tap++) {
      fixed[tap] = (int) (exact[tap] / sum * (1 << FRACTION_BITS) + 0.5);
    }
    return fixed;
  }

  /**
   * Resizes the middle one of three dimensions.
   *
   * @param source unsigned bytes [outer, inputs, inner]
   * @return unsigned bytes [outer, outputs, inner]
   */
  byte[] apply(byte[] source, int outer, int inputs, int inner) {
    int outputs = firstTap.length;
    checkArgument((long) outer * inputs * inner == source.length, "the source has another size");
    byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(outer, outputs), inner)];
    for (int block = 0; block < outer; block++) {
      for (int i = 0; i < outputs; i++) {
        int from = (block * inputs + firstTap[i]) * inner;
        int to = (block * outputs + i) * inner;
        for (int lane = 0; lane < inner; lane++) {
          out[to + lane] = weightedSum(source, from + lane, inner, weights[i]);
        }
      }
    }
    return out;
  }

  private static byte weightedSum(byte[] source, int start, int step, int[] weights) {
    int sum = HALF;
    int at = start;
    for (int weight : weights) {
      sum += Byte.toUnsignedInt(source[at]) * weight;
      at += step;
    }
    return (byte) Math.min(255, sum >> FRACTION_BITS); // weights are not negative, nor is the sum
  }
}
