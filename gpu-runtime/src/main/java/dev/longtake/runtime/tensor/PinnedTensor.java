package dev.longtake.runtime.tensor;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.PinnedRange;
import java.util.Objects;

/**
 * A tensor that is kept in pinned host memory, to be copied to a device and back. Nothing computes
 * on it.
 *
 * @param memory exactly the bytes of the elements
 */
public record PinnedTensor(DType dtype, Shape shape, PinnedRange memory) implements Tensor {
  /** Checks that the memory is as long as the elements. */
  public PinnedTensor {
    checkArgument(
        memory.bytes() == shape.elements() * dtype.bytes(),
        "%s %s needs %s bytes, but the memory has %s",
        dtype,
        shape,
        shape.elements() * dtype.bytes(),
        memory.bytes());
  }

  /** Returns the tensor as what it is, for copies. */
  public static PinnedTensor of(Tensor tensor) {
    checkArgument(
        tensor instanceof PinnedTensor,
        "the tensor must be in pinned host memory, but is a %s",
        tensor.getClass().getSimpleName());
    return (PinnedTensor) tensor;
  }

  @Override
  public PinnedTensor reshape(int... extents) {
    Shape reshaped = Shape.of(extents);
    checkArgument(
        reshaped.elements() == shape.elements(), "%s cannot be seen as %s", shape, reshaped);
    return new PinnedTensor(dtype, reshaped, memory);
  }

  @Override
  public PinnedTensor slice(int first, int count) {
    Objects.checkFromIndexSize(first, count, shape.extent(0));
    long rowBytes = shape.withOutermost(1).elements() * dtype.bytes();
    return new PinnedTensor(
        dtype, shape.withOutermost(count), memory.part(first * rowBytes, count * rowBytes));
  }
}
