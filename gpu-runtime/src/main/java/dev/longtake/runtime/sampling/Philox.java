package dev.longtake.runtime.sampling;

/**
 * Philox4x32-10: random numbers that are a function of a key and a counter (Salmon et al. 2011,
 * "Parallel random numbers: as easy as 1, 2, 3"). The same on any machine, in any order.
 */
public final class Philox {
  private static final int ROUNDS = 10;
  private static final int MULTIPLIER_0 = 0xD2511F53;
  private static final int MULTIPLIER_1 = 0xCD9E8D57;
  private static final int KEY_STEP_0 = 0x9E3779B9;
  private static final int KEY_STEP_1 = 0xBB67AE85;

  private Philox() {}

  /**
   * Replaces a counter of four words by four random words.
   *
   * @param key two words, low first
   */
  public static void generate(long key, int[] counter) {
    int key0 = (int) key;
    int key1 = (int) (key >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = (MULTIPLIER_0 & 0xFFFFFFFFL) * (counter[0] & 0xFFFFFFFFL);
      long product1 = (MULTIPLIER_1 & 0xFFFFFFFFL) * (counter[2] & 0xFFFFFFFFL);
      int next0 = (int) (product1 >>> 32) ^ counter[1] ^ key0;
      int next2 = (int) (product0 >>> 32) ^ counter[3] ^ key1;
      counter[0] = next0;
      counter[1] = (int) product1;
      counter[2] = next2;
      counter[3] = (int) product0;
      key0 += KEY_STEP_0;
      key1 += KEY_STEP_1;
    }
  }
}
