package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/** Checks of tensors against each other by their rows. */
final class Rows {
  private Rows() {}

  /** Checks that two tensors have equally many rows of the same width. */
  static void requireSame(Tensor x, Tensor other) {
    checkArgument(
        x.shape().elements() == other.shape().elements()
            && x.shape().extent(-1) == other.shape().extent(-1),
        "the tensors' shapes must agree, but were %s and %s",
        x.shape(),
        other.shape());
  }

  /** Returns a tensor that must be one row of {@code x}, of any type. */
  static DeviceTensor rowOf(String name, Tensor row, Tensor x) {
    row.require(name, row.dtype(), Shape.of(x.shape().extent(-1)));
    return DeviceTensor.of(row);
  }
}
