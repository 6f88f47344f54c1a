package dev.longtake.runtime.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Builds safetensors files, right ones and wrong ones. */
final class SafetensorsBytes {
  private final List<String> entries = new ArrayList<>();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();

  /** Adds a tensor whose offsets follow the one before. */
  SafetensorsBytes add(String name, String dtype, int[] shape, byte[] bytes) {
    int begin = data.size();
    data.writeBytes(bytes);
    return entry(name, dtype, Arrays.toString(shape), begin, data.size());
  }

  /** Adds an fp32 tensor. */
  SafetensorsBytes add(String name, int[] shape, float... values) {
    return add(name, "F32", shape, fp32(values));
  }

  /** Adds a header entry alone, whatever it says. */
  SafetensorsBytes entry(String name, String dtype, String shape, long begin, long end) {
    return json(
        "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
            .formatted(name, dtype, shape, begin, end));
  }

  /** Adds text to the header. */
  SafetensorsBytes json(String entry) {
    entries.add(entry);
    return this;
  }

  /** Adds bytes that belong to no tensor yet. */
  SafetensorsBytes data(int count) {
    data.writeBytes(new byte[count]);
    return this;
  }

  /** Returns the whole file. */
  byte[] build() {
    return file("{" + String.join(",", entries) + "}", data.toByteArray());
  }

  /** Writes the whole file. */
  Path write(Path file) {
    return write(file, build());
  }

  /** Returns a file with this header, whatever it says. */
  static byte[] file(String header, byte[] data) {
    byte[] utf8 = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Long.BYTES + utf8.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(utf8.length)
        .put(utf8)
        .put(data)
        .array();
  }

  static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] fp32(float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }

  /** Returns all elements of a tensor. */
  static float[] read(StoredTensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.shape().elements())];
    tensor.read(0, values, 0, values.length);
    return values;
  }
}
