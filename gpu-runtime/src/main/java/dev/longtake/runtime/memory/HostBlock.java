package dev.longtake.runtime.memory;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.nio.ByteOrder;
import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Native host memory of any size. Pages that are never written cost nothing.
 *
 * <p>The block that {@link #reserve} returns owns the memory; its parts and tensors are views.
 */
public final class HostBlock implements OwnedBlock {
  private final Pointer reserved;
  private final long startBytes;
  private final long capacityBytes;

  private HostBlock(Pointer reserved, long startBytes, long capacityBytes) {
    this.reserved = reserved;
    this.startBytes = startBytes;
    this.capacityBytes = capacityBytes;
  }

  /**
   * Reserves memory; close the result to give it back.
   *
   * @throws LongtakeException OUT_OF_HOST_MEMORY if the host has not enough
   */
  public static HostBlock reserve(long capacityBytes) {
    checkArgument(capacityBytes >= 0, "capacityBytes must not be negative: %s", capacityBytes);
    Pointer reserved = Pointer.malloc(capacityBytes + Arena.ALIGNMENT_BYTES);
    if (reserved == null || reserved.isNull()) {
      throw new LongtakeException(
          ErrorCode.OUT_OF_HOST_MEMORY,
          "The host refused %d bytes of memory. Free memory, or choose a smaller size or fewer lanes."
              .formatted(capacityBytes));
    }
    long misaligned = reserved.address() % Arena.ALIGNMENT_BYTES;
    long startBytes = misaligned == 0 ? 0 : Arena.ALIGNMENT_BYTES - misaligned;
    return new HostBlock(reserved, startBytes, capacityBytes);
  }

  @Override
  public long capacityBytes() {
    return capacityBytes;
  }

  @Override
  public Tensor tensor(long offsetBytes, DType dtype, Shape shape) {
    checkArgument(dtype == DType.FP32, "the host computes in FP32 only, not in %s", dtype);
    long bytes = Math.multiplyExact(shape.elements(), (long) dtype.bytes());
    Objects.checkFromIndexSize(offsetBytes, bytes, capacityBytes);
    checkArgument(bytes <= Integer.MAX_VALUE, "FP32 %s exceeds 2 GiB, a buffer's limit", shape);
    // A buffer must begin at its pointer's address: positions beyond 2 GiB are cut off.
    BytePointer start = new BytePointer(reserved).getPointer(startBytes + offsetBytes);
    return new HostTensor(
        shape, start.limit(bytes).asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer());
  }

  @Override
  public Block part(long offsetBytes, long partBytes) {
    Objects.checkFromIndexSize(offsetBytes, partBytes, capacityBytes);
    return new HostBlock(reserved, startBytes + offsetBytes, partBytes);
  }

  @Override
  public void close() {
    if (!reserved.isNull()) {
      Pointer.free(reserved);
      reserved.setNull();
    }
  }
}
