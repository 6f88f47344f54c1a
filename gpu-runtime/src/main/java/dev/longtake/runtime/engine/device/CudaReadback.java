package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaEvent;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.PinnedMemory;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Fp16;
import dev.longtake.runtime.tensor.Tensor;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;

/** Copies fp16 tensors to pinned memory, behind what is queued on a stream. */
final class CudaReadback implements Readback {
  private final CudaStream stream;
  private final PinnedMemory pinned;
  private final ShortBuffer values;
  private final int slotElements;
  private final List<CudaEvent> arrivals = new ArrayList<>();
  private final int[] elements;
  private final short[] bits;

  private CudaReadback(CudaStream stream, PinnedMemory pinned, int slots, int slotElements) {
    this.stream = stream;
    this.pinned = pinned;
    this.values = pinned.buffer().asShortBuffer();
    this.slotElements = slotElements;
    this.elements = new int[slots];
    this.bits = new short[slotElements];
  }

  static CudaReadback open(CudaContext context, CudaStream stream, int slots, int slotElements) {
    int bytes = Math.multiplyExact(slots, slotElements * DType.FP16.bytes());
    PinnedMemory pinned = PinnedMemory.reserve(context, bytes);
    CudaReadback readback = new CudaReadback(stream, pinned, slots, slotElements);
    try {
      for (int slot = 0; slot < slots; slot++) {
        readback.arrivals.add(CudaEvent.open(context));
      }
    } catch (RuntimeException e) {
      readback.close();
      throw e;
    }
    return readback;
  }

  @Override
  public void start(int slot, Tensor source) {
    source.require("source", DType.FP16, source.shape());
    long offsetBytes = (long) slot * slotElements * DType.FP16.bytes();
    stream.download(DeviceTensor.of(source).memory(), pinned, offsetBytes);
    arrivals.get(slot).record(stream);
    elements[slot] = Math.toIntExact(source.shape().elements());
  }

  @Override
  public void finish(int slot, float[] out) {
    arrivals.get(slot).synchronize();
    int count = elements[slot];
    values.get(slot * slotElements, bits, 0, count);
    for (int i = 0; i < count; i++) {
      out[i] = Fp16.fromBits(bits[i]);
    }
  }

  @Override
  public void close() {
    stream.synchronize(); // an abandoned take may have left copies under way
    arrivals.forEach(CudaEvent::close);
    pinned.close();
  }
}
