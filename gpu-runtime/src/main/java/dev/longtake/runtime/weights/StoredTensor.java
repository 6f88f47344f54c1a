package dev.longtake.runtime.weights;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A tensor in a checkpoint file, read in row-major order however it lies there.
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

  /** Returns whether the file has the elements one after the other, for {@link #copy}. */
  default boolean isContiguous() {
    return false;
  }

  /**
   * Copies elements as the file has them, little-endian, {@link #adapter()} not merged. Only where
   * {@link #isContiguous()}.
   *
   * @param firstElement index of the first element in row-major order
   * @param out its front is written, with absolute access
   * @throws LongtakeException INVALID_CHECKPOINT if the file cannot be read or has become shorter
   */
  default void copy(long firstElement, int count, ByteBuffer out) {
    throw new UnsupportedOperationException(name() + " does not lie in one piece");
  }

  /** Returns what {@link #read} merges into what the file has, or null for nothing. */
  default @Nullable LoraPair adapter() {
    return null;
  }
}
