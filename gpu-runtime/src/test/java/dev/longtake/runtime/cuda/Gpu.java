package dev.longtake.runtime.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;

/** The first GPU of this machine, and memory on it that lives until this is closed. */
final class Gpu implements AutoCloseable {
  private static final int STAGING_BYTES = 64 << 20;

  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final CudaContext context;
  private final CudaStream stream;
  private final PinnedMemory staging;

  private Gpu() {
    context = own(CudaContext.open(CudaDriver.load().device(0)));
    stream = own(CudaStream.open(context));
    staging = own(PinnedMemory.reserve(context, STAGING_BYTES));
  }

  /** Opens the GPU; a machine without one fails here. */
  static Gpu open() {
    return new Gpu();
  }

  CudaContext context() {
    return context;
  }

  CudaStream stream() {
    return stream;
  }

  <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  DeviceMemory allocate(long bytes) {
    return own(DeviceAllocation.reserve(context, bytes)).memory();
  }

  /** Writes one element, relative to the start of the buffer. */
  interface Element {
    void put(ByteBuffer buffer, int position, long index);
  }

  DeviceMemory filled(long count, int elementBytes, Element element) {
    DeviceMemory memory = allocate(count * elementBytes);
    ByteBuffer buffer = staging.buffer();
    int most = STAGING_BYTES / elementBytes;
    for (long first = 0; first < count; first += most) {
      int length = (int) Math.min(most, count - first);
      for (int i = 0; i < length; i++) {
        element.put(buffer, i * elementBytes, first + i);
      }
      stream.upload(staging, 0, memory.part(first * elementBytes, (long) length * elementBytes));
      stream.synchronize();
    }
    return memory;
  }

  DeviceMemory bf16(Noise noise, long count) {
    return filled(
        count,
        Short.BYTES,
        (buffer, position, i) ->
            buffer.putShort(position, (short) (Float.floatToRawIntBits(noise.bf16(i)) >>> 16)));
  }

  DeviceMemory fp32(Noise noise, long count) {
    return filled(
        count, Float.BYTES, (buffer, position, i) -> buffer.putFloat(position, noise.bf16(i)));
  }

  DeviceMemory fp8(Noise noise, long count) {
    return filled(count, 1, (buffer, position, i) -> buffer.put(position, noise.fp8(i)));
  }

  DeviceMemory factors(Noise noise, long count) {
    return filled(
        count, Float.BYTES, (buffer, position, i) -> buffer.putFloat(position, noise.factor(i)));
  }

  /** Copies to the host and waits; at most 64 MiB. */
  ByteBuffer download(DeviceMemory memory) {
    stream.download(memory, staging, 0);
    stream.synchronize();
    byte[] bytes = new byte[Math.toIntExact(memory.bytes())];
    staging.buffer().get(0, bytes);
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
  }

  static float bf16At(ByteBuffer buffer, int index) {
    return Float.intBitsToFloat(buffer.getShort(index * Short.BYTES) << 16);
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("cannot close", e);
      }
    }
  }
}
