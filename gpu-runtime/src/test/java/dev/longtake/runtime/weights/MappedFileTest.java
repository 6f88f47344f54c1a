package dev.longtake.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small segments stand for the segments of a GiB that files of many GiB are mapped in. */
class MappedFileTest {
  private static final int COUNT = 100;

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(ints = {8, 9, 15, 64, 1000, 1 << 20})
  void readsElementsAcrossSegmentsHoweverTheyAreAligned(int segmentBytes) throws IOException {
    for (int offset = 0; offset < 9; offset++) {
      byte[] doubleBytes = new byte[offset + COUNT * 8];
      byte[] floatBytes = new byte[offset + COUNT * 4];
      byte[] bf16Bytes = new byte[offset + COUNT * 2];
      ByteBuffer doubles = littleEndian(doubleBytes);
      ByteBuffer floats = littleEndian(floatBytes);
      ByteBuffer bf16 = littleEndian(bf16Bytes);
      for (int i = 0; i < COUNT; i++) {
        doubles.putDouble(offset + i * 8, i);
        floats.putFloat(offset + i * 4, i);
        bf16.putShort(offset + i * 2, (short) (Float.floatToRawIntBits(i) >> 16));
      }
      assertReads(doubleBytes, segmentBytes, offset, DType.FP64);
      assertReads(floatBytes, segmentBytes, offset, DType.FP32);
      assertReads(bf16Bytes, segmentBytes, offset, DType.BF16);
    }
  }

  @Test
  void copiesBytesAcrossSegments() throws IOException {
    byte[] bytes = new byte[50];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    Path path = Files.write(directory.resolve("f"), bytes);
    try (MappedFile file = MappedFile.open(path, 8)) {
      assertThat(file.sizeBytes()).isEqualTo(50);
      assertThat(file.bytes(0, 50)).isEqualTo(bytes);
      assertThat(file.bytes(7, 3)).containsExactly(7, 8, 9);
      assertThat(file.bytes(50, 0)).isEmpty();
    }
  }

  @Test
  void mapsAnEmptyFile() throws IOException {
    Path path = Files.write(directory.resolve("f"), new byte[0]);
    try (MappedFile file = MappedFile.open(path)) {
      assertThat(file.bytes(0, 0)).isEmpty();
    }
  }

  private void assertReads(byte[] content, int segmentBytes, int offset, DType dtype)
      throws IOException {
    Path path = Files.write(directory.resolve("f"), content);
    try (MappedFile file = MappedFile.open(path, segmentBytes)) {
      float[] all = new float[COUNT];
      file.read(offset, dtype.bytes(), dtype, all, 0, COUNT);
      float[] everyThird = new float[COUNT / 3];
      file.read(offset, 3L * dtype.bytes(), dtype, everyThird, 0, COUNT / 3);
      float[] same = new float[5];
      file.read(offset + 2L * dtype.bytes(), 0, dtype, same, 0, 5);
      for (int i = 0; i < COUNT; i++) {
        assertThat(all[i]).as("%s at %s, element %s", dtype, offset, i).isEqualTo(i);
      }
      for (int i = 0; i < COUNT / 3; i++) {
        assertThat(everyThird[i]).isEqualTo(3 * i);
      }
      assertThat(same).containsOnly(2);
    }
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
