package dev.longtake.runtime.memory;

import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.DeviceAllocation;
import dev.longtake.runtime.cuda.DeviceMemory;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import java.util.Objects;

/**
 * Device memory. The block that {@link #reserve} returns owns it; its parts and tensors are views.
 */
public final class DeviceBlock implements OwnedBlock {
  private final DeviceAllocation owner;
  private final DeviceMemory memory;

  private DeviceBlock(DeviceAllocation owner, DeviceMemory memory) {
    this.owner = owner;
    this.memory = memory;
  }

  /**
   * Allocates device memory, aligned to {@link Arena#ALIGNMENT_BYTES}; close the result to give it
   * back.
   *
   * @param capacityBytes at least 1
   * @throws dev.longtake.runtime.api.LongtakeException OUT_OF_MEMORY if the GPU has not enough
   */
  public static DeviceBlock reserve(CudaContext context, long capacityBytes) {
    DeviceAllocation allocation = DeviceAllocation.reserve(context, capacityBytes);
    return new DeviceBlock(allocation, allocation.memory());
  }

  /** Returns all of the memory. */
  public DeviceMemory memory() {
    return memory;
  }

  @Override
  public long capacityBytes() {
    return memory.bytes();
  }

  @Override
  public DeviceTensor tensor(long offsetBytes, DType dtype, Shape shape) {
    long bytes = Math.multiplyExact(shape.elements(), (long) dtype.bytes());
    Objects.checkFromIndexSize(offsetBytes, bytes, memory.bytes());
    return new DeviceTensor(dtype, shape, memory.part(offsetBytes, bytes));
  }

  @Override
  public Block part(long offsetBytes, long capacityBytes) {
    return new DeviceBlock(owner, memory.part(offsetBytes, capacityBytes));
  }

  @Override
  public void close() {
    owner.close();
  }
}
