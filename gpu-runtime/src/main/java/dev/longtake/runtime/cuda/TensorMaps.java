package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.List;

/** Makes {@link TensorMap}s of tensors in one GPU's memory. Used by one thread. */
public final class TensorMaps {
  private static final List<String> FILES = List.of("libcuda.so.1");
  private static final String ADVICE = "It comes with the NVIDIA driver: install that";

  // Of cuda.h.
  private static final int DATA_BFLOAT16 = 9;
  private static final int INTERLEAVE_NONE = 0;
  private static final int SWIZZLE_128B = 3;
  private static final int L2_PROMOTION_256B = 3;
  private static final int OOB_FILL_NONE = 0;

  private static final int RANK = 3;
  private static final int HALF_CHANNELS = 64;
  private static final int HALF_BYTES = 128;
  private static final int HALVES = 2;
  private static final int MAX_BOX = 256;

  private final TensorMapLibrary library;
  private final CudaDevice device;
  private final Memory map =
      new Memory(TensorMap.BYTES + TensorMap.ALIGNMENT_BYTES).align(TensorMap.ALIGNMENT_BYTES);
  private final Memory extents = new Memory((long) RANK * Long.BYTES);
  private final Memory strides = new Memory((long) (RANK - 1) * Long.BYTES);
  private final Memory box = new Memory((long) RANK * Integer.BYTES);
  private final Memory steps = new Memory((long) RANK * Integer.BYTES);

  private TensorMaps(TensorMapLibrary library, CudaDevice device) {
    this.library = library;
    this.device = device;
    for (int i = 0; i < RANK; i++) {
      steps.setInt((long) i * Integer.BYTES, 1);
    }
  }

  /**
   * Finds the driver's function.
   *
   * @throws dev.longtake.runtime.api.LongtakeException DEVICE_UNAVAILABLE if there is no driver
   */
  public static TensorMaps load(NativeLibraries libraries, CudaDevice device) {
    return new TensorMaps(libraries.load(TensorMapLibrary.class, FILES, ADVICE), device);
  }

  /**
   * Describes heads 128 wide, for copies of boxes of some tokens of one head. It has three
   * dimensions: 64 channels, tokens, and two halves a head. In shared memory a box lies half by
   * half, a row of 128 bytes a token, swizzled in 128 bytes; tokens behind the last are 0 there.
   *
   * @param memory bf16 [tokens, heads, 128], aligned to 16 bytes
   * @param boxTokens 1 to 256
   */
  public TensorMap heads(DeviceMemory memory, int tokens, int heads, int boxTokens) {
    checkArgument(
        memory.bytes() == (long) tokens * heads * HALVES * HALF_BYTES,
        "%s tokens of %s heads must have %s bytes, but have %s",
        tokens,
        heads,
        (long) tokens * heads * HALVES * HALF_BYTES,
        memory.bytes());
    checkArgument(
        boxTokens >= 1 && boxTokens <= MAX_BOX,
        "boxTokens must be 1 to %s, but was %s",
        MAX_BOX,
        boxTokens);
    long[] sizes = {HALF_CHANNELS, tokens, (long) heads * HALVES};
    int[] boxes = {HALF_CHANNELS, boxTokens, HALVES};
    extents.write(0, sizes, 0, RANK);
    strides.setLong(0, (long) heads * HALVES * HALF_BYTES);
    strides.setLong(Long.BYTES, HALF_BYTES);
    box.write(0, boxes, 0, RANK);
    int result =
        library.cuTensorMapEncodeTiled(
            map,
            DATA_BFLOAT16,
            RANK,
            new Pointer(memory.address()),
            extents,
            strides,
            box,
            steps,
            INTERLEAVE_NONE,
            SWIZZLE_128B,
            L2_PROMOTION_256B,
            OOB_FILL_NONE);
    CudaException.check(
        result, "cuTensorMapEncodeTiled of " + tokens + " tokens of " + heads + " heads", device);
    return new TensorMap(map.getLongArray(0, TensorMap.BYTES / Long.BYTES));
  }
}
