package dev.longtake.runtime.weights;

import static dev.longtake.runtime.weights.SafetensorsBytes.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {
  @TempDir private Path directory;

  @Test
  void readsTensorsAndIgnoresMetadata() {
    Path path =
        new SafetensorsBytes()
            .json("\"__metadata__\":{\"format\":\"pt\"}")
            .add("w", new int[] {2, 3}, 1, 2, 3, 4, 5, 6)
            .add("scalar", new int[] {}, 7)
            .add("empty", new int[] {4, 0})
            .write(directory.resolve("m.safetensors"));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.names()).containsExactly("w", "scalar", "empty");
      StoredTensor w = file.tensor("w");
      assertThat(w.name()).isEqualTo("w");
      assertThat(w.file()).isEqualTo(path.toString());
      assertThat(w.dtype()).isEqualTo(DType.FP32);
      assertThat(w.shape()).isEqualTo(Shape.of(2, 3));
      assertThat(read(w)).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(read(file.tensor("scalar"))).containsExactly(7);
      assertThat(read(file.tensor("empty"))).isEmpty();
    }
  }

  @Test
  void readsAnyRangeIntoAnyPlace() {
    Path path =
        new SafetensorsBytes()
            .add("w", new int[] {2, 3}, 1, 2, 3, 4, 5, 6)
            .write(directory.resolve("m.safetensors"));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      float[] out = {9, 9, 9, 9, 9};
      file.tensor("w").read(2, out, 1, 3);
      assertThat(out).containsExactly(9, 3, 4, 5, 9);
      assertThatThrownBy(() -> file.tensor("w").read(4, out, 0, 3))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> file.tensor("w").read(0, out, 3, 3))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> file.tensor("w").read(-1, out, 0, 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "F64, FP64, 8",
    "F32, FP32, 4",
    "F16, FP16, 2",
    "BF16, BF16, 2",
    "F8_E4M3, FP8_E4M3, 1",
    "I64, INT64, 8",
    "I32, INT32, 4",
    "I16, INT16, 2",
    "I8, INT8, 1",
    "U8, UINT8, 1",
    "BOOL, BOOL, 1"
  })
  void widensEveryType(String stored, DType dtype, int bytes) {
    ByteBuffer data = ByteBuffer.allocate(2 * bytes).order(ByteOrder.LITTLE_ENDIAN);
    float[] expected = {-3, 2};
    switch (dtype) {
      case FP64 -> data.putDouble(-3).putDouble(2);
      case FP32 -> data.putFloat(-3).putFloat(2);
      case FP16 -> data.putShort((short) 0xC200).putShort((short) 0x4000);
      case BF16 -> data.putShort((short) 0xC040).putShort((short) 0x4000);
      case FP8_E4M3 -> data.put((byte) 0xC4).put((byte) 0x40);
      case INT64 -> data.putLong(-3).putLong(2);
      case INT32 -> data.putInt(-3).putInt(2);
      case INT16 -> data.putShort((short) -3).putShort((short) 2);
      case INT8 -> data.put((byte) -3).put((byte) 2);
      case UINT8 -> {
        data.put((byte) 253).put((byte) 2);
        expected = new float[] {253, 2};
      }
      case BOOL -> {
        data.put((byte) 0).put((byte) 1);
        expected = new float[] {0, 1};
      }
    }
    // One byte in front, so that nothing is aligned.
    Path path =
        new SafetensorsBytes()
            .add("pad", "U8", new int[] {1}, new byte[1])
            .add("x", stored, new int[] {2}, data.array())
            .write(directory.resolve("m.safetensors"));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.tensor("x").dtype()).isEqualTo(dtype);
      assertThat(read(file.tensor("x"))).containsExactly(expected);
    }
  }

  @Test
  void suggestsNamesThatComeClose() {
    Path path =
        new SafetensorsBytes()
            .add("blocks.0.weight", new int[] {1}, 1)
            .write(directory.resolve("m.safetensors"));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThatThrownBy(() -> file.tensor("blocks.1.weight"))
          .isInstanceOf(LongtakeException.class)
          .hasMessageContaining("blocks.1.weight is not among the 1 tensors of " + path)
          .hasMessageContaining("'blocks.0.weight'");
    }
  }

  @Test
  void cannotBeReadOnceClosed() {
    Path path =
        new SafetensorsBytes().add("w", new int[] {1}, 1).write(directory.resolve("m.safetensors"));
    SafetensorsFile file = SafetensorsFile.open(path);
    StoredTensor tensor = file.tensor("w");
    file.close();
    assertThatThrownBy(() -> read(tensor))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void rejectsMissingFile() {
    Path path = directory.resolve("none.safetensors");
    assertThatThrownBy(() -> SafetensorsFile.open(path))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining(path.toString());
  }

  @Test
  void rejectsTruncatedFiles() {
    byte[] whole = new SafetensorsBytes().add("w", new int[] {2}, 1, 2).build();
    for (int length = 0; length < whole.length; length++) {
      assertRejected(Arrays.copyOf(whole, length)).isInstanceOf(LongtakeException.class);
    }
    assertRejected(Arrays.copyOf(whole, whole.length - 1))
        .hasMessageContaining("'w'")
        .hasMessageContaining("bytes 0 to 8, but the file has data from 0 to 7")
        .hasMessageContaining("download it again");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 100_000_001, 3})
  void rejectsHeaderLengthThatTheFileCannotHave(long headerBytes) {
    byte[] file =
        ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(headerBytes).array();
    assertRejected(file).hasMessageContaining(Long.toUnsignedString(headerBytes));
  }

  @Test
  void rejectsUnknownDtypeByName() {
    assertRejected(new SafetensorsBytes().data(8).entry("w", "F4_WEIRD", "[1]", 0, 8).build())
        .hasMessageContaining("'w'")
        .hasMessageContaining("F4_WEIRD")
        .hasMessageContaining("BF16");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[-1]",
        "[1.5]",
        "[\"2\"]",
        "2",
        "null",
        "[2147483648]",
        "[99999999999999999999]",
        "[2147483647,2147483647,2147483647]",
        "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"
      })
  void rejectsImpossibleShape(String shape) {
    assertRejected(new SafetensorsBytes().data(4).entry("w", "F32", shape, 0, 4).build())
        .hasMessageContaining("'w'")
        .hasMessageContaining("shape");
  }

  @ParameterizedTest
  @CsvSource({"0, 4", "4, 12", "-8, 0", "8, 0", "0, 9223372036854775807", "1, 9"})
  void rejectsOffsetsThatDoNotFit(long begin, long end) {
    assertRejected(new SafetensorsBytes().data(8).entry("w", "F32", "[2]", begin, end).build())
        .hasMessageContaining("'w'");
  }

  @Test
  void rejectsShapeThatDoesNotFitItsData() {
    assertRejected(new SafetensorsBytes().data(16).entry("w", "F32", "[2,3]", 0, 16).build())
        .hasMessageContaining("FP32 [2, 3], which takes 24 bytes, but its data_offsets span 16");
  }

  @Test
  void rejectsOverlappingTensors() {
    assertRejected(
            new SafetensorsBytes()
                .data(12)
                .entry("a", "F32", "[2]", 0, 8)
                .entry("b", "F32", "[2]", 4, 12)
                .build())
        .hasMessageContaining("'b'")
        .hasMessageContaining("'a'")
        .hasMessageContaining("overlap");
    assertRejected(
            new SafetensorsBytes()
                .data(12)
                .entry("outer", "F32", "[3]", 0, 12)
                .entry("inner", "U8", "[1]", 2, 3)
                .entry("later", "U8", "[1]", 6, 7)
                .build())
        .hasMessageContaining("overlap");
  }

  @Test
  void acceptsEmptyTensorsAnywhere() {
    Path path =
        new SafetensorsBytes()
            .add("w", new int[] {2}, 1, 2)
            .entry("empty", "F32", "[0,2147483647]", 4, 4)
            .write(directory.resolve("m.safetensors"));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.tensor("empty").shape().elements()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "3",
        "{",
        "{}{}",
        "{\"w\":1}",
        "{\"w\":{}}",
        "{\"w\":null}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,\"4\"]}}",
        "{\"w\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}"
      })
  void rejectsMalformedHeader(String header) {
    assertRejected(SafetensorsBytes.file(header, new byte[4]))
        .hasMessageContaining("bad.safetensors");
  }

  @Test
  void rejectsDuplicateNames() {
    String entry = "\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}";
    assertRejected(new SafetensorsBytes().data(1).json(entry).json(entry).build())
        .hasMessageContaining("Duplicate");
  }

  @Test
  void rejectsInvalidUtf8() {
    byte[] file = SafetensorsBytes.file("{\"w?\":1}", new byte[0]);
    int position = new String(file, StandardCharsets.ISO_8859_1).indexOf('?');
    file[position] = (byte) 0xFF;
    assertRejected(file).hasMessageContaining("UTF-8");
  }

  @Test
  void rejectsDeeplyNestedHeaderWithoutOverflow() {
    assertRejected(SafetensorsBytes.file("{\"w\":" + "[".repeat(200_000), new byte[0]))
        .hasMessageContaining("JSON");
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRejected(byte[] file) {
    Path path = SafetensorsBytes.write(directory.resolve("bad.safetensors"), file);
    return assertThatThrownBy(() -> SafetensorsFile.open(path).close())
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT));
  }
}
