package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaEvent;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.PinnedMemory;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import java.nio.FloatBuffer;

/**
 * Moves values between the host's arrays and tensors of any type, in chunks through pinned memory.
 * They travel as fp32 and are rounded or widened on the device.
 */
final class HostTransfer implements AutoCloseable {
  // As many as a frame block and its first two forwards upload, so that the host need not wait for
  // the device to come to one before it can queue the next.
  private static final int SLOTS = 8;

  private final CudaStream stream;
  private final ElementwiseKernels elementwise;
  private final QuantizeKernels quantize;
  private final DeviceTensor staging;
  private final int chunkElements;
  private final PinnedMemory pinned;
  private final FloatBuffer values;
  private final CudaEvent[] free = new CudaEvent[SLOTS];
  private int nextSlot;

  /**
   * Reserves the pinned memory.
   *
   * @param memory of the device, whose {@link ScratchBytes#transfer} this uses
   */
  HostTransfer(
      CudaContext context,
      CudaStream stream,
      ElementwiseKernels elementwise,
      QuantizeKernels quantize,
      Block memory) {
    this.stream = stream;
    this.elementwise = elementwise;
    this.quantize = quantize;
    Shape elements = Shape.of(Math.toIntExact(ScratchBytes.TRANSFER / Float.BYTES));
    this.staging = DeviceTensor.of(ScratchBytes.transfer(memory).tensor(0, DType.FP32, elements));
    this.chunkElements = elements.extent(0) / SLOTS;
    this.pinned = PinnedMemory.reserve(context, ScratchBytes.TRANSFER);
    this.values = pinned.buffer().asFloatBuffer();
    for (int slot = 0; slot < SLOTS; slot++) {
      free[slot] = CudaEvent.open(context);
    }
  }

  /** Queues a copy to the device; {@code source} may be changed when this returns. */
  void upload(float[] source, int sourceOffset, DeviceTensor out) {
    DeviceTensor flat = flat(out);
    int elements = flat.shape().extent(0);
    for (int first = 0; first < elements; first += chunkElements) {
      int count = Math.min(chunkElements, elements - first);
      int slot = nextSlot;
      nextSlot = (slot + 1) % SLOTS;
      free[slot].synchronize();
      values.put(slot * chunkElements, source, sourceOffset + first, count);
      DeviceTensor target = flat.slice(first, count);
      DeviceTensor landing =
          out.dtype() == DType.FP32 ? target : staging.slice(slot * chunkElements, count);
      stream.upload(pinned, slotBytes(slot), landing.memory());
      free[slot].record(stream);
      round(landing, target);
    }
  }

  /** Copies to the host and waits. */
  void download(DeviceTensor source, float[] out, int outOffset) {
    DeviceTensor flat = flat(source);
    int elements = flat.shape().extent(0);
    for (int first = 0; first < elements; first += chunkElements) {
      int count = Math.min(chunkElements, elements - first);
      DeviceTensor part = flat.slice(first, count);
      if (source.dtype() != DType.FP32) {
        DeviceTensor widened = staging.slice(0, count);
        elementwise.convert(stream, part, widened);
        part = widened;
      }
      stream.download(part.memory(), pinned, 0);
      stream.synchronize();
      values.get(0, out, outOffset + first, count);
    }
    stream.synchronize();
  }

  private void round(DeviceTensor landing, DeviceTensor target) {
    if (target.dtype() == DType.FP8_E4M3) {
      quantize.round(stream, landing, target);
    } else if (target.dtype() != DType.FP32) {
      elementwise.convert(stream, landing, target);
    }
  }

  private long slotBytes(int slot) {
    return (long) slot * chunkElements * Float.BYTES;
  }

  private static DeviceTensor flat(DeviceTensor tensor) {
    return tensor.reshape(Math.toIntExact(tensor.shape().elements()));
  }

  /** Gives the pinned memory back; nothing may be pending. */
  @Override
  public void close() {
    for (CudaEvent event : free) {
      event.close();
    }
    pinned.close();
  }
}
