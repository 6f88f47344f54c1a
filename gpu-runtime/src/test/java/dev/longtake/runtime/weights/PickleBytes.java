package dev.longtake.runtime.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes pickles the way torch does, and any other way. */
final class PickleBytes {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Begins a pickle of protocol 2. */
  static PickleBytes begin() {
    return new PickleBytes().op(0x80, 2);
  }

  /** Returns a whole state dict with these entries. */
  static byte[] stateDict(PickleBytes... entries) {
    PickleBytes pickle = begin().op('}', 'q', 0, '(');
    for (PickleBytes entry : entries) {
      pickle.append(entry);
    }
    return pickle.op('u', '.').build();
  }

  /** Returns the entry of a tensor. */
  static PickleBytes tensor(
      String name, String storage, long offset, long[] size, long[] stride, long elements) {
    return new PickleBytes()
        .text(name)
        .global("torch._utils", "_rebuild_tensor_v2")
        .op('(')
        .storage("FloatStorage", storage, elements)
        .number(offset)
        .tuple(size)
        .tuple(stride)
        .op(0x89)
        .global("collections", "OrderedDict")
        .op(')', 'R', 't', 'R');
  }

  /** Writes instructions and one-byte arguments. */
  PickleBytes op(int... codes) {
    for (int code : codes) {
      bytes.write(code);
    }
    return this;
  }

  PickleBytes append(PickleBytes other) {
    bytes.writeBytes(other.build());
    return this;
  }

  PickleBytes text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    op('X').int32(utf8.length);
    bytes.writeBytes(utf8);
    return this;
  }

  PickleBytes raw(String ascii) {
    bytes.writeBytes(ascii.getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  PickleBytes int32(int value) {
    bytes.writeBytes(
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    return this;
  }

  PickleBytes number(long value) {
    if (value == (int) value) {
      return op('J').int32((int) value);
    }
    op(0x8A, Long.BYTES);
    bytes.writeBytes(
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    return this;
  }

  PickleBytes tuple(long... numbers) {
    op('(');
    for (long number : numbers) {
      number(number);
    }
    return op('t');
  }

  PickleBytes global(String module, String name) {
    return op('c').raw(module + "\n" + name + "\n");
  }

  PickleBytes storage(String type, String key, long elements) {
    return op('(')
        .text("storage")
        .global("torch", type)
        .text(key)
        .text("cpu")
        .number(elements)
        .op('t', 'Q');
  }

  byte[] build() {
    return bytes.toByteArray();
  }
}
