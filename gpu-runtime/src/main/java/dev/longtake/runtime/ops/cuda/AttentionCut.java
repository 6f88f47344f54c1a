package dev.longtake.runtime.ops.cuda;

/**
 * How items of an attention, which are 128 queries of one head each, are given to the
 * multiprocessors. One takes an item at a time. Where the last round would leave most of them idle,
 * its items are cut along the keys.
 *
 * @param whole items that are not cut, from the first
 * @param parts of each of the others, or 1 if there are none
 */
record AttentionCut(int whole, int parts) {
  /** The most parts that there can be together. */
  static final int MAX_PARTS = 132;

  // A part has to be worth its start and its combination.
  private static final int MIN_TILES = 4;

  /**
   * Decides by the numbers alone, so that sums are in the same order on equal GPUs.
   *
   * @param tiles of keys that an item has
   */
  static AttentionCut of(int items, int tiles, int multiprocessors) {
    int last = items % multiprocessors;
    if (last == 0) {
      return new AttentionCut(items, 1);
    }
    int parts = Math.min(Math.min(multiprocessors, MAX_PARTS) / last, tiles / MIN_TILES);
    return parts > 1 ? new AttentionCut(items - last, parts) : new AttentionCut(items, 1);
  }

  int blocks(int items) {
    return whole + (items - whole) * parts;
  }
}
