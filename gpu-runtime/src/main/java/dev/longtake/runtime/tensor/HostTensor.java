package dev.longtake.runtime.tensor;

import static com.google.common.base.Preconditions.checkArgument;

import java.nio.FloatBuffer;
import java.util.Objects;
import org.bytedeco.javacpp.FloatPointer;

/**
 * An fp32 tensor in native host memory, read and written in bulk through a {@link FloatBuffer}.
 *
 * <p>At most 2 GiB, the limit of a Java buffer.
 */
public final class HostTensor implements Tensor {
  private final Shape shape;
  private final FloatBuffer values;
  private final FloatPointer address;

  /**
   * Wraps native memory.
   *
   * @param values direct buffer whose [0, capacity) holds the elements
   */
  public HostTensor(Shape shape, FloatBuffer values) {
    checkArgument(values.isDirect(), "values must be a direct buffer");
    checkArgument(
        values.capacity() == shape.elements(),
        "%s needs %s values, but the buffer has %s",
        shape,
        shape.elements(),
        values.capacity());
    this.shape = shape;
    this.values = values;
    this.address = new FloatPointer(values);
  }

  /** Returns the tensor as what it is, for operations that run on the host. */
  public static HostTensor of(Tensor tensor) {
    checkArgument(
        tensor instanceof HostTensor,
        "the tensor must be in host memory, but is a %s",
        tensor.getClass().getSimpleName());
    return (HostTensor) tensor;
  }

  /** Returns the elements; use absolute access only, the position is shared between threads. */
  public FloatBuffer values() {
    return values;
  }

  /** Returns the elements' native address, at offset 0. */
  public FloatPointer address() {
    return address;
  }

  @Override
  public DType dtype() {
    return DType.FP32;
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public HostTensor reshape(int... extents) {
    Shape reshaped = Shape.of(extents);
    checkArgument(
        reshaped.elements() == shape.elements(), "%s cannot be seen as %s", shape, reshaped);
    return new HostTensor(reshaped, values);
  }

  @Override
  public HostTensor slice(int first, int count) {
    Objects.checkFromIndexSize(first, count, shape.extent(0));
    int stride = Math.toIntExact(shape.withOutermost(1).elements());
    return new HostTensor(shape.withOutermost(count), values.slice(first * stride, count * stride));
  }
}
