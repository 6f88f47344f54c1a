package dev.longtake.runtime.tensor;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * Numbers of one type in row-major order, somewhere in memory.
 *
 * <p>A tensor is a view: it owns nothing and is valid for as long as the block it lies in. Only the
 * {@code Ops} that the block belongs to can read or write it.
 */
public interface Tensor {
  /** Returns the type of the elements. */
  DType dtype();

  /** Returns the extents, outermost first. */
  Shape shape();

  /**
   * Returns the same elements under another shape.
   *
   * @throws IllegalArgumentException if the number of elements differs
   */
  Tensor reshape(int... extents);

  /**
   * Returns the elements whose outermost index lies in [{@code first}, {@code first + count}).
   *
   * @throws IndexOutOfBoundsException if the range leaves the tensor
   */
  Tensor slice(int first, int count);

  /** Returns the bytes that the elements take. */
  default long bytes() {
    return shape().elements() * dtype().bytes();
  }

  /**
   * Checks this tensor against what an operation needs.
   *
   * @param name what the caller calls this tensor, for the message
   * @throws IllegalArgumentException if type or shape differ
   */
  default void require(String name, DType dtype, Shape shape) {
    checkArgument(
        dtype() == dtype && shape().equals(shape),
        "%s must be %s %s, but was %s %s",
        name,
        dtype,
        shape,
        dtype(),
        shape());
  }
}
