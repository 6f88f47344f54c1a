package dev.longtake.runtime.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One object of cuDNN's graph API: attributes are set, then it is finished, then it is used. */
final class CudnnDescriptor implements AutoCloseable {
  private final Cudnn cudnn;
  private final int type;
  private final long address;
  private boolean closed;

  private CudnnDescriptor(Cudnn cudnn, int type, long address) {
    this.cudnn = cudnn;
    this.type = type;
    this.address = address;
  }

  /**
   * Creates an object without attributes; close it.
   *
   * @param type one of the descriptor types in {@link CudnnCodes}
   */
  static CudnnDescriptor create(Cudnn cudnn, int type) {
    LongByReference address = new LongByReference();
    int status = cudnn.library().cudnnBackendCreateDescriptor(type, address);
    cudnn.check(status, "cudnnBackendCreateDescriptor", "type " + type);
    return new CudnnDescriptor(cudnn, type, address.getValue());
  }

  /** Sets an attribute that is a number or a list of numbers. */
  CudnnDescriptor int64(int attribute, long... values) {
    Memory elements = new Memory((long) Long.BYTES * Math.max(1, values.length));
    elements.write(0, values, 0, values.length);
    return set(attribute, CudnnCodes.TYPE_INT64, values.length, elements);
  }

  /**
   * Sets an attribute that is one value of an enum of the library.
   *
   * @param enumType which enum, for example {@link CudnnCodes#TYPE_DATA_TYPE}
   */
  CudnnDescriptor enumerated(int attribute, int enumType, int value) {
    Memory elements = new Memory(Integer.BYTES);
    elements.setInt(0, value);
    return set(attribute, enumType, 1, elements);
  }

  /** Sets an attribute that is a factor. */
  CudnnDescriptor float32(int attribute, float value) {
    Memory elements = new Memory(Float.BYTES);
    elements.setFloat(0, value);
    return set(attribute, CudnnCodes.TYPE_FLOAT, 1, elements);
  }

  /** Switches an attribute on. */
  CudnnDescriptor enable(int attribute) {
    Memory elements = new Memory(Byte.BYTES);
    elements.setByte(0, (byte) 1);
    return set(attribute, CudnnCodes.TYPE_BOOLEAN, 1, elements);
  }

  /** Sets an attribute that is one or several other objects, which must be finished. */
  CudnnDescriptor descriptors(int attribute, CudnnDescriptor... values) {
    long[] addresses = Arrays.stream(values).mapToLong(value -> value.address).toArray();
    return addresses(attribute, CudnnCodes.TYPE_BACKEND_DESCRIPTOR, addresses);
  }

  /** Sets an attribute that is the library's handle. */
  CudnnDescriptor handle(int attribute) {
    return addresses(attribute, CudnnCodes.TYPE_HANDLE, cudnn.handle());
  }

  /** Sets an attribute that is one or several addresses of memory. */
  CudnnDescriptor pointers(int attribute, long... values) {
    return addresses(attribute, CudnnCodes.TYPE_VOID_PTR, values);
  }

  /** Ends the setting of attributes. */
  CudnnDescriptor finish() {
    int status = tryFinish();
    cudnn.check(status, "cudnnBackendFinalize", "type " + type);
    return this;
  }

  /** Ends the setting of attributes and returns the library's status, 0 if all is well. */
  int tryFinish() {
    return cudnn.library().cudnnBackendFinalize(address);
  }

  /** Returns an attribute that is one number. */
  long getInt64(int attribute) {
    Memory element = new Memory(Long.BYTES);
    get(attribute, CudnnCodes.TYPE_INT64, 1, element);
    return element.getLong(0);
  }

  /** Returns an attribute that is a list of values of an enum. */
  int[] getEnumerated(int attribute, int enumType, int most) {
    Memory elements = new Memory((long) Integer.BYTES * most);
    int count = get(attribute, enumType, most, elements);
    return elements.getIntArray(0, Math.min(count, most));
  }

  /** Returns how many elements an attribute of other objects has. */
  int count(int attribute) {
    return get(attribute, CudnnCodes.TYPE_BACKEND_DESCRIPTOR, 0, null);
  }

  /**
   * Lets the library fill other objects with an attribute's elements.
   *
   * @param values unfinished objects of the attribute's type
   * @return how many were filled
   */
  int fill(int attribute, CudnnDescriptor... values) {
    Memory elements = new Memory((long) Long.BYTES * values.length);
    for (int i = 0; i < values.length; i++) {
      elements.setLong((long) Long.BYTES * i, values[i].address);
    }
    return get(attribute, CudnnCodes.TYPE_BACKEND_DESCRIPTOR, values.length, elements);
  }

  long address() {
    return address;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      cudnn.library().cudnnBackendDestroyDescriptor(address);
    }
  }

  private CudnnDescriptor addresses(int attribute, int elementType, long... values) {
    Memory elements = new Memory((long) Long.BYTES * values.length);
    elements.write(0, values, 0, values.length);
    return set(attribute, elementType, values.length, elements);
  }

  private CudnnDescriptor set(int attribute, int elementType, int count, Pointer elements) {
    int status =
        cudnn.library().cudnnBackendSetAttribute(address, attribute, elementType, count, elements);
    cudnn.check(status, "cudnnBackendSetAttribute", "attribute " + attribute + " of type " + type);
    return this;
  }

  private int get(int attribute, int elementType, int requested, @Nullable Pointer elements) {
    LongByReference count = new LongByReference();
    int status =
        cudnn
            .library()
            .cudnnBackendGetAttribute(address, attribute, elementType, requested, count, elements);
    cudnn.check(status, "cudnnBackendGetAttribute", "attribute " + attribute + " of type " + type);
    return Math.toIntExact(count.getValue());
  }
}
