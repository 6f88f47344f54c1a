package dev.longtake.runtime.memory;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.Objects;

/** Boundless memory that does not exist, for finding out how much is needed. */
public final class PlannedBlock implements Block {
  @Override
  public long capacityBytes() {
    return Long.MAX_VALUE;
  }

  @Override
  public Tensor tensor(long offsetBytes, DType dtype, Shape shape) {
    return new PlannedTensor(dtype, shape);
  }

  @Override
  public Block part(long offsetBytes, long capacityBytes) {
    return this;
  }

  private record PlannedTensor(DType dtype, Shape shape) implements Tensor {
    @Override
    public Tensor reshape(int... extents) {
      Shape reshaped = Shape.of(extents);
      checkArgument(
          reshaped.elements() == shape.elements(), "%s cannot be seen as %s", shape, reshaped);
      return new PlannedTensor(dtype, reshaped);
    }

    @Override
    public Tensor slice(int first, int count) {
      Objects.checkFromIndexSize(first, count, shape.extent(0));
      return new PlannedTensor(dtype, shape.withOutermost(count));
    }
  }
}
