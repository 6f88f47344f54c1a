package dev.longtake.runtime.weights;

import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;

/**
 * A tensor in a checkpoint file, memory-mapped and always contiguous and row-major.
 *
 * <p>Valid until the file's reader is closed. Safe for use by several threads.
 */
public interface StoredTensor {
  /** Returns the tensor's name in its file. */
  String name();

  /** Returns the file that holds it, for messages. */
  String file();

  /** Returns the type it is stored in. */
  DType dtype();

  /** Returns its extents. */
  Shape shape();

  /**
   * Reads elements, widened to fp32 (a floating-point type loses nothing but FP64's precision).
   *
   * @param firstElement index of the first element in row-major order
   * @throws IndexOutOfBoundsException if a range leaves the tensor or {@code out}
   */
  void read(long firstElement, float[] out, int outOffset, int count);
}
