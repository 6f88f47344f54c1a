package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;

/**
 * Fp32 numbers with a shape, in the Java heap: what leaves a device to be kept, and comes back.
 *
 * <p>Nobody changes the numbers once they are in here.
 */
public final class HostValues {
  private final int[] shape;
  private final float[] values;

  /**
   * Wraps numbers without copying them.
   *
   * @param values row-major, not to be changed any more
   * @param shape extents, outermost first
   */
  public HostValues(float[] values, int... shape) {
    long elements = 1;
    for (int extent : shape) {
      checkArgument(extent >= 0, "extents must not be negative: %s", Arrays.toString(shape));
      elements = Math.multiplyExact(elements, (long) extent);
    }
    checkArgument(
        elements == values.length,
        "%s needs %s values, but there are %s",
        Arrays.toString(shape),
        elements,
        values.length);
    this.shape = shape.clone();
    this.values = values;
  }

  /** Returns a dimension's extent. */
  public int extent(int dimension) {
    return shape[dimension];
  }

  /** Returns a copy of the extents, outermost first. */
  public int[] shape() {
    return shape.clone();
  }

  /** Returns the numbers; not a copy, so only to be read. */
  public float[] values() {
    return values;
  }

  /**
   * Checks the shape.
   *
   * @throws IllegalArgumentException if it differs; the message starts with {@code name}
   */
  public void require(String name, int... expected) {
    checkArgument(
        Arrays.equals(shape, expected),
        "%s must be %s, but is %s",
        name,
        Arrays.toString(expected),
        Arrays.toString(shape));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HostValues that
        && Arrays.equals(shape, that.shape)
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(shape) + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "HostValues" + Arrays.toString(shape);
  }
}
