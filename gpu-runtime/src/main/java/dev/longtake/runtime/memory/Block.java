package dev.longtake.runtime.memory;

import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/** A contiguous range of one memory: host, device, or none at all while planning. */
public interface Block {
  /** Returns how many bytes this range has. */
  long capacityBytes();

  /**
   * Returns the tensor that starts {@code offsetBytes} into this range.
   *
   * @throws IndexOutOfBoundsException if the tensor would leave the range
   */
  Tensor tensor(long offsetBytes, DType dtype, Shape shape);

  /**
   * Returns a part of this range, owned by whoever owns this range.
   *
   * @throws IndexOutOfBoundsException if the part would leave the range
   */
  Block part(long offsetBytes, long capacityBytes);
}
