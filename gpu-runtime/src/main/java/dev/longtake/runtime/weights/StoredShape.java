package dev.longtake.runtime.weights;

import dev.longtake.runtime.tensor.Shape;
import org.jspecify.annotations.Nullable;

/** Turns extents that a file claims into a shape whose size can be computed without overflow. */
final class StoredShape {
  /** The most dimensions a tensor may have. */
  static final int LARGEST_RANK = 16;

  /** What extents must be, for messages. */
  static final String RULE =
      "at most 16 integers from 0 to 2147483647 with a product that fits a file";

  private static final long LARGEST_ELEMENTS = Long.MAX_VALUE / Long.BYTES;

  private StoredShape() {}

  /** Returns the shape, or null if the extents break {@link #RULE}. */
  static @Nullable Shape of(long[] claimed) {
    if (claimed.length > LARGEST_RANK) {
      return null;
    }
    int[] extents = new int[claimed.length];
    long elements = 1;
    for (int i = 0; i < claimed.length; i++) {
      long extent = claimed[i];
      if (extent < 0
          || extent > Integer.MAX_VALUE
          || elements > LARGEST_ELEMENTS / Math.max(1, extent)) {
        return null;
      }
      elements *= extent;
      extents[i] = (int) extent;
    }
    return Shape.of(extents);
  }
}
