package dev.longtake.runtime.memory;

import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.PinnedMemory;
import dev.longtake.runtime.cuda.PinnedRange;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.PinnedTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.Objects;

/**
 * Host memory that a GPU copies from and to by itself. The block that {@link #reserve} returns owns
 * it; its parts and tensors are views.
 */
public final class PinnedBlock implements OwnedBlock {
  private final PinnedRange memory;

  private PinnedBlock(PinnedRange memory) {
    this.memory = memory;
  }

  /**
   * Reserves and pins host memory; close the result to give it back.
   *
   * @param capacityBytes at least 1
   * @throws dev.longtake.runtime.api.LongtakeException OUT_OF_HOST_MEMORY if the host has not
   *     enough
   */
  public static PinnedBlock reserve(CudaContext context, long capacityBytes) {
    return new PinnedBlock(
        new PinnedRange(PinnedMemory.reserve(context, capacityBytes), 0, capacityBytes));
  }

  @Override
  public long capacityBytes() {
    return memory.bytes();
  }

  @Override
  public Tensor tensor(long offsetBytes, DType dtype, Shape shape) {
    long bytes = Math.multiplyExact(shape.elements(), (long) dtype.bytes());
    Objects.checkFromIndexSize(offsetBytes, bytes, memory.bytes());
    return new PinnedTensor(dtype, shape, memory.part(offsetBytes, bytes));
  }

  @Override
  public Block part(long offsetBytes, long partBytes) {
    return new PinnedBlock(memory.part(offsetBytes, partBytes));
  }

  @Override
  public void close() {
    memory.memory().close();
  }
}
