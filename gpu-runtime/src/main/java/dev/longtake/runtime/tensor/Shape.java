package dev.longtake.runtime.tensor;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;

/** The extents of a row-major tensor, outermost first; a scalar has none. Immutable. */
public final class Shape {
  private final int[] extents;

  private Shape(int[] extents) {
    this.extents = extents;
  }

  /**
   * Returns the shape with these extents.
   *
   * @throws IllegalArgumentException if an extent is negative
   */
  public static Shape of(int... extents) {
    for (int extent : extents) {
      checkArgument(extent >= 0, "extents must not be negative: %s", Arrays.toString(extents));
    }
    return new Shape(extents.clone());
  }

  /** Returns the number of dimensions. */
  public int rank() {
    return extents.length;
  }

  /** Returns the extent of a dimension; negative indexes count from the innermost, -1. */
  public int extent(int dimension) {
    return extents[dimension < 0 ? extents.length + dimension : dimension];
  }

  /** Returns the product of all extents, 1 for a scalar. */
  public long elements() {
    long product = 1;
    for (int extent : extents) {
      product = Math.multiplyExact(product, (long) extent);
    }
    return product;
  }

  /** Returns how many innermost rows there are: the product of all extents but the last. */
  public int rows() {
    long product = 1;
    for (int i = 0; i < extents.length - 1; i++) {
      product = Math.multiplyExact(product, (long) extents[i]);
    }
    return Math.toIntExact(product);
  }

  /** Returns this shape with another outermost extent. */
  public Shape withOutermost(int extent) {
    int[] changed = extents.clone();
    changed[0] = extent;
    return of(changed);
  }

  /** Returns a copy of the extents, outermost first. */
  public int[] toArray() {
    return extents.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(extents);
  }

  @Override
  public String toString() {
    return Arrays.toString(extents);
  }
}
