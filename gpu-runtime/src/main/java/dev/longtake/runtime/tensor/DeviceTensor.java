package dev.longtake.runtime.tensor;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.DeviceMemory;
import java.util.Objects;

/**
 * A tensor in device memory.
 *
 * @param memory exactly the bytes of the elements
 */
public record DeviceTensor(DType dtype, Shape shape, DeviceMemory memory) implements Tensor {
  /** Checks that the memory is as long as the elements. */
  public DeviceTensor {
    checkArgument(
        memory.bytes() == shape.elements() * dtype.bytes(),
        "%s %s needs %s bytes, but the memory has %s",
        dtype,
        shape,
        shape.elements() * dtype.bytes(),
        memory.bytes());
  }

  /** Returns the tensor as what it is, for operations that run on the device. */
  public static DeviceTensor of(Tensor tensor) {
    checkArgument(
        tensor instanceof DeviceTensor,
        "the tensor must be in device memory, but is a %s",
        tensor.getClass().getSimpleName());
    return (DeviceTensor) tensor;
  }

  /** Returns the address of the first element, in the device's address space. */
  public long address() {
    return memory.address();
  }

  /**
   * Returns whether {@code next} continues this tensor: of the same type, of the same extents but
   * the outermost, and starting where this one ends. Both can then be read as one.
   */
  public boolean isFollowedBy(DeviceTensor next) {
    return dtype == next.dtype
        && shape.rank() == next.shape.rank()
        && shape.rank() > 0
        && shape.withOutermost(0).equals(next.shape.withOutermost(0))
        && memory.isFollowedBy(next.memory);
  }

  @Override
  public DeviceTensor reshape(int... extents) {
    Shape reshaped = Shape.of(extents);
    checkArgument(
        reshaped.elements() == shape.elements(), "%s cannot be seen as %s", shape, reshaped);
    return new DeviceTensor(dtype, reshaped, memory);
  }

  @Override
  public DeviceTensor slice(int first, int count) {
    Objects.checkFromIndexSize(first, count, shape.extent(0));
    long rowBytes = shape.withOutermost(1).elements() * dtype.bytes();
    return new DeviceTensor(
        dtype, shape.withOutermost(count), memory.part(first * rowBytes, count * rowBytes));
  }
}
