package dev.longtake.runtime.weights;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * A tensor whose elements lie in a mapped file at the distances that its strides say. Reads as
 * row-major whatever they are.
 */
final class MappedTensor implements StoredTensor {
  private final String name;
  private final MappedFile file;
  private final DType dtype;
  private final Shape shape;
  private final long startBytes;
  // Dimensions that lie behind one another without a gap are one dimension here; at least one.
  private final long[] extents;
  private final long[] strides;

  /**
   * Creates a tensor without touching its elements.
   *
   * @param startBytes where element 0 begins in the file
   * @param strides elements from one index to the next, per dimension; none is negative, and no
   *     index leads out of the file: the caller has checked
   */
  MappedTensor(
      String name, MappedFile file, DType dtype, Shape shape, long startBytes, long[] strides) {
    this.name = name;
    this.file = file;
    this.dtype = dtype;
    this.shape = shape;
    this.startBytes = startBytes;
    long[] extents = new long[shape.rank() + 1];
    long[] merged = new long[shape.rank() + 1];
    extents[0] = 1;
    merged[0] = 1;
    int last = 0;
    for (int i = 0; i < shape.rank(); i++) {
      int extent = shape.extent(i);
      if (extent == 1) {
        continue;
      }
      if (extents[last] == 1) {
        extents[last] = extent;
      } else if (merged[last] == extent * strides[i]) {
        extents[last] *= extent;
      } else {
        extents[++last] = extent;
      }
      merged[last] = strides[i];
    }
    this.extents = Arrays.copyOf(extents, last + 1);
    this.strides = Arrays.copyOf(merged, last + 1);
  }

  /** Returns the strides, in elements, of a tensor whose elements follow one another. */
  static long[] rowMajorStrides(Shape shape) {
    long[] strides = new long[shape.rank()];
    long stride = 1;
    for (int i = shape.rank() - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape.extent(i);
    }
    return strides;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String file() {
    return file.path().toString();
  }

  @Override
  public DType dtype() {
    return dtype;
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public void read(long firstElement, float[] out, int outOffset, int count) {
    Objects.checkFromIndexSize(firstElement, count, shape.elements());
    Objects.checkFromIndexSize(outOffset, count, out.length);
    int innermost = extents.length - 1;
    int done = 0;
    while (done < count) {
      long remaining = firstElement + done;
      long inner = remaining % extents[innermost];
      int run = (int) Math.min(count - done, extents[innermost] - inner);
      long position = 0;
      for (int i = innermost; i >= 0; i--) {
        position += remaining % extents[i] * strides[i];
        remaining /= extents[i];
      }
      file.read(
          startBytes + position * dtype.bytes(),
          strides[innermost] * dtype.bytes(),
          dtype,
          out,
          outOffset + done,
          run);
      done += run;
    }
  }

  @Override
  public boolean isContiguous() {
    return extents.length == 1 && strides[0] == 1;
  }

  @Override
  public void copy(long firstElement, int count, ByteBuffer out) {
    checkState(isContiguous(), "%s does not lie in one piece", name);
    Objects.checkFromIndexSize(firstElement, count, shape.elements());
    file.copy(startBytes + firstElement * dtype.bytes(), count * dtype.bytes(), out);
  }
}
