package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * The extents of an attention over tensors [S, N, D] whose tokens follow one another directly.
 *
 * @param queries tokens that attend
 * @param keys tokens attended to
 * @param heads how many heads a token has
 * @param headWidth the numbers of a head, a multiple of 8 up to 256
 */
public record AttentionShape(int queries, int keys, int heads, int headWidth) {
  private static final int WIDTH_MULTIPLE = 8;
  private static final int MAX_WIDTH = 256;

  /** Checks the extents. */
  public AttentionShape {
    checkArgument(
        queries > 0 && keys > 0 && heads > 0,
        "not an attention: %s queries, %s keys, %s heads",
        queries,
        keys,
        heads);
    checkArgument(
        headWidth > 0 && headWidth <= MAX_WIDTH && headWidth % WIDTH_MULTIPLE == 0,
        "headWidth must be a multiple of %s up to %s, but was %s",
        WIDTH_MULTIPLE,
        MAX_WIDTH,
        headWidth);
  }

  /** Returns how many multiplications and additions the two products take. */
  public double flops() {
    return 4.0 * queries * keys * heads * headWidth;
  }

  long queryBytes() {
    return 2L * queries * heads * headWidth;
  }

  long keyBytes() {
    return 2L * keys * heads * headWidth;
  }
}
