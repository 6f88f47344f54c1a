package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkState;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The arguments of one kernel launch, in the order of the kernel's C signature and laid out as C
 * lays out its parameters: each at a multiple of its own size, a tensor map at one of 64.
 *
 * <p>May be reused: {@link CudaFunction#launch} copies the values before it returns. Not safe for
 * use by several threads.
 */
public final class KernelArgs {
  /** The most bytes of parameters that every supported GPU takes. */
  static final int MAX_BYTES = 4096;

  private static final int USUAL_BYTES = 128;
  private static final int USUAL_COUNT = 16;

  private ByteBuffer values = ByteBuffer.allocate(USUAL_BYTES).order(ByteOrder.nativeOrder());
  private int[] offsets = new int[USUAL_COUNT];
  private int count;
  private boolean packed = true;

  /** Creates an empty list of arguments. */
  public KernelArgs() {}

  /** Forgets all arguments. */
  public KernelArgs reset() {
    values.clear();
    count = 0;
    packed = true;
    return this;
  }

  /** Adds the address of a range of device memory. */
  public KernelArgs pointer(DeviceMemory memory) {
    return int64(memory.address());
  }

  /** Adds a null pointer, for an argument that the kernel can do without. */
  public KernelArgs nullPointer() {
    return int64(0);
  }

  /** Adds an {@code int}. */
  public KernelArgs int32(int value) {
    reserve(Integer.BYTES).putInt(value);
    return this;
  }

  /** Adds a {@code long long}. */
  public KernelArgs int64(long value) {
    reserve(Long.BYTES).putLong(value);
    return this;
  }

  /** Adds a {@code float}. */
  public KernelArgs float32(float value) {
    reserve(Float.BYTES).putFloat(value);
    return this;
  }

  /** Adds a {@code __grid_constant__} tensor map. */
  public KernelArgs tensorMap(TensorMap map) {
    ByteBuffer target = reserve(TensorMap.BYTES, TensorMap.ALIGNMENT_BYTES);
    packed = false;
    for (int i = 0; i < TensorMap.BYTES / Long.BYTES; i++) {
      target.putLong(map.word(i));
    }
    return this;
  }

  /** Returns how many bytes the arguments take, padding between them included. */
  int bytes() {
    return values.position();
  }

  /** Returns how many arguments there are. */
  int count() {
    return count;
  }

  /** Returns where an argument begins in what {@link #copyTo} writes. */
  int offset(int argument) {
    return offsets[argument];
  }

  /**
   * Returns whether the GPU takes the arguments as they lie here. It puts a tensor map at a
   * multiple of 64 of its own addresses, which only the driver knows, and what follows behind it.
   */
  boolean isPacked() {
    return packed;
  }

  /** Writes the arguments to the start of {@code target}, whose position does not matter. */
  void copyTo(ByteBuffer target) {
    target.put(0, values, 0, values.position());
  }

  private ByteBuffer reserve(int size) {
    return reserve(size, size);
  }

  private ByteBuffer reserve(int size, int alignment) {
    int start = (values.position() + alignment - 1) / alignment * alignment;
    if (start + size > values.capacity()) {
      grow(start + size);
    }
    while (values.position() < start) {
      values.put((byte) 0);
    }
    if (count == offsets.length) {
      offsets = Arrays.copyOf(offsets, 2 * count);
    }
    offsets[count++] = start;
    return values;
  }

  private void grow(int neededBytes) {
    checkState(neededBytes <= MAX_BYTES, "a kernel takes at most %s bytes of arguments", MAX_BYTES);
    ByteBuffer larger =
        ByteBuffer.allocate(Math.min(MAX_BYTES, Math.max(neededBytes, 2 * values.capacity())))
            .order(ByteOrder.nativeOrder());
    larger.put(values.flip());
    values = larger;
  }
}
