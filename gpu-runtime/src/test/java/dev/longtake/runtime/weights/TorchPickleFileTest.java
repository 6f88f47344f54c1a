package dev.longtake.runtime.weights;

import static dev.longtake.runtime.weights.PickleBytes.tensor;
import static dev.longtake.runtime.weights.SafetensorsBytes.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TorchPickleFileTest {
  private static final float[] SIX = {0, 1, 2, 3, 4, 5};

  @TempDir private Path directory;

  @Test
  void readsContiguousTensors() {
    byte[] file =
        TorchBytes.of(
                tensor("a", "0", 0, longs(2, 3), longs(3, 1), 6),
                tensor("scalar", "1", 0, longs(), longs(), 1),
                tensor("empty", "2", 0, longs(0, 4), longs(4, 1), 0))
            .storage("0", SIX)
            .storage("1", 7)
            .storage("2")
            .build();
    try (TorchPickleFile torch = open(file)) {
      assertThat(torch.names()).containsExactly("a", "scalar", "empty");
      assertThat(torch.tensor("a").shape()).isEqualTo(Shape.of(2, 3));
      assertThat(torch.tensor("a").dtype()).isEqualTo(DType.FP32);
      assertThat(read(torch.tensor("a"))).containsExactly(SIX);
      assertThat(read(torch.tensor("scalar"))).containsExactly(7);
      assertThat(read(torch.tensor("empty"))).isEmpty();
      assertThatThrownBy(() -> torch.tensor("b"))
          .isInstanceOf(LongtakeException.class)
          .hasMessageContaining("b is not among the 3 tensors");
    }
  }

  @Test
  void readsViewsOfOneStorageRowByRow() {
    byte[] file =
        TorchBytes.of(
                tensor("transposed", "0", 0, longs(3, 2), longs(1, 3), 6),
                tensor("column", "0", 1, longs(2), longs(3), 6),
                tensor("tail", "0", 4, longs(1, 2), longs(99, 1), 6),
                tensor("repeated", "0", 2, longs(2, 3), longs(1, 0), 6),
                tensor("overlapping", "0", 0, longs(4, 3), longs(1, 1), 6))
            .storage("0", SIX)
            .build();
    try (TorchPickleFile torch = open(file)) {
      assertThat(read(torch.tensor("transposed"))).containsExactly(0, 3, 1, 4, 2, 5);
      assertThat(read(torch.tensor("column"))).containsExactly(1, 4);
      assertThat(read(torch.tensor("tail"))).containsExactly(4, 5);
      assertThat(read(torch.tensor("repeated"))).containsExactly(2, 2, 2, 3, 3, 3);
      assertThat(read(torch.tensor("overlapping")))
          .containsExactly(0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5);
      float[] part = new float[3];
      torch.tensor("transposed").read(1, part, 0, 3);
      assertThat(part).containsExactly(3, 1, 4);
    }
  }

  @Test
  void readsFourDimensionalPermutation() {
    float[] values = new float[120];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    // [2, 3, 4, 5] seen as [4, 2, 5, 3].
    byte[] file =
        TorchBytes.of(tensor("a", "0", 0, longs(4, 2, 5, 3), longs(5, 60, 1, 20), 120))
            .storage("0", values)
            .build();
    try (TorchPickleFile torch = open(file)) {
      float[] actual = read(torch.tensor("a"));
      int next = 0;
      for (int c = 0; c < 4; c++) {
        for (int a = 0; a < 2; a++) {
          for (int d = 0; d < 5; d++) {
            for (int b = 0; b < 3; b++) {
              assertThat(actual[next++]).isEqualTo(a * 60 + b * 20 + c * 5 + d);
            }
          }
        }
      }
    }
  }

  @Test
  void acceptsOrderedDictWithVersionsAndParameters() {
    PickleBytes ordered =
        PickleBytes.begin()
            .global("collections", "OrderedDict")
            .op(')', 'R', 'q', 0, '(')
            .text("a")
            .global("torch._utils", "_rebuild_parameter")
            .op('(')
            .append(withoutName(tensor("", "0", 0, longs(6), longs(1), 6)))
            .op(0x88)
            .global("collections", "OrderedDict")
            .op(')', 'R', 't', 'R', 'u')
            .op('}')
            .text("_metadata")
            .op('}')
            .text("version")
            .op('K', 1, 's', 's', 'b', '.');
    try (TorchPickleFile torch = open(TorchBytes.of(ordered.build()).storage("0", SIX).build())) {
      assertThat(read(torch.tensor("a"))).containsExactly(SIX);
    }
  }

  @Test
  void readsZip64Archives() throws IOException {
    Path path = directory.resolve("big.pth");
    try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(path)) {
      zip.setUseZip64(Zip64Mode.Always);
      zip.setMethod(ZipArchiveOutputStream.STORED);
      put(zip, "m/data.pkl", PickleBytes.stateDict(tensor("a", "0", 0, longs(6), longs(1), 6)));
      put(zip, "m/data/0", SafetensorsBytes.fp32(SIX));
    }
    try (TorchPickleFile torch = TorchPickleFile.open(path)) {
      assertThat(read(torch.tensor("a"))).containsExactly(SIX);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "os, system",
    "posix, system",
    "builtins, eval",
    "builtins, getattr",
    "subprocess, Popen",
    "collections, defaultdict",
    "torch._utils, _rebuild_tensor_v3",
    "torch, UntypedStorage",
    "torch.nn.modules.linear, Linear",
    "numpy.core.multiarray, _reconstruct"
  })
  void refusesForeignClassesByName(String module, String name) {
    byte[] call =
        PickleBytes.begin().global(module, name).op('(').text("true").op('t', 'R', '.').build();
    assertRejected(TorchBytes.of(call).build())
        .hasMessageContaining("'" + module + "." + name + "', which is refused");
    byte[] protocol4 =
        new PickleBytes().op(0x80, 4).text(module).text(name).op(0x93, ')', 'R', '.').build();
    assertRejected(TorchBytes.of(protocol4).build())
        .hasMessageContaining("'" + module + "." + name + "', which is refused");
  }

  @ParameterizedTest
  @CsvSource({
    "INST, 105",
    "OBJ, 111",
    "NEWOBJ, 129",
    "NEWOBJ_EX, 146",
    "EXT1, 130",
    "PERSID, 80",
    "DUP, 50",
    "BINBYTES, 66",
    "INT, 73",
    "FROZENSET, 145"
  })
  void refusesOtherInstructionsByName(String name, int code) {
    byte[] pickle = PickleBytes.begin().op('}', ')', code, '.').build();
    assertRejected(TorchBytes.of(pickle).build()).hasMessageContaining("instruction " + name + ",");
  }

  @Test
  void refusesToBuildStateOfAnythingButADict() {
    byte[] pickle = PickleBytes.begin().op(']', '}', 'b', '.').build();
    assertRejected(TorchBytes.of(pickle).build()).hasMessageContaining("state of a Sequence");
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 6, 1",
    "7, 0, 1",
    "1, 6, 1",
    "0, 7, 1",
    "0, 6, 2",
    "0, 2, 9223372036854775807",
    "0, 2, -1",
    "9223372036854775807, 1, 1",
    "0, 2147483648, 1",
    "0, -1, 1",
    "0, 5, 4611686018427387904"
  })
  void rejectsViewsThatLeaveTheirStorage(long offset, long size, long stride) {
    assertRejected(
            TorchBytes.of(tensor("a", "0", offset, longs(size), longs(stride), 6))
                .storage("0", SIX)
                .build())
        .hasMessageContaining("'a'")
        .hasMessageContaining("m.pth");
  }

  @Test
  void rejectsStridesOfAnotherRank() {
    assertRejected(
            TorchBytes.of(tensor("a", "0", 0, longs(2, 3), longs(1), 6)).storage("0", SIX).build())
        .hasMessageContaining("as many strides as extents");
  }

  @ParameterizedTest
  @ValueSource(longs = {5, 7, 0, -1, Long.MAX_VALUE, Long.MIN_VALUE})
  void rejectsStorageOfAnotherSizeThanItsEntry(long elements) {
    assertRejected(
            TorchBytes.of(tensor("a", "0", 0, longs(1), longs(1), elements))
                .storage("0", SIX)
                .build())
        .hasMessageContaining("'a'")
        .hasMessageContaining("needs " + elements + " elements")
        .hasMessageContaining("it has 24 bytes");
  }

  @Test
  void rejectsMissingStorage() {
    assertRejected(TorchBytes.of(tensor("a", "../x", 0, longs(6), longs(1), 6)).build())
        .hasMessageContaining("there is no such entry");
  }

  @Test
  void rejectsNestedStateDict() {
    byte[] pickle = PickleBytes.begin().op('}').text("state_dict").op('}', 's', '.').build();
    assertRejected(TorchBytes.of(pickle).build())
        .hasMessageContaining("'state_dict'")
        .hasMessageContaining("is a dict, but a flat dict of tensors was expected");
  }

  @Test
  void rejectsValuesThatAreNoTensors() {
    byte[] number = PickleBytes.begin().op('}').text("epoch").op('K', 3, 's', '.').build();
    assertRejected(TorchBytes.of(number).build()).hasMessageContaining("'epoch'");
    byte[] list = PickleBytes.begin().op(']', '.').build();
    assertRejected(TorchBytes.of(list).build()).hasMessageContaining("a dict of tensors");
  }

  @Test
  void rejectsMoreDimensionsThanAnyTensorHas() {
    assertRejected(
            TorchBytes.of(tensor("a", "0", 0, new long[1000], new long[1000], 6))
                .storage("0", SIX)
                .build())
        .hasMessageContaining("1000 dimensions");
  }

  @Test
  void rejectsTruncatedArchives() {
    byte[] whole =
        TorchBytes.of(tensor("a", "0", 0, longs(6), longs(1), 6)).storage("0", SIX).build();
    for (int length = 0; length < whole.length; length++) {
      assertRejected(Arrays.copyOf(whole, length)).isInstanceOf(LongtakeException.class);
    }
  }

  @Test
  void rejectsFilesThatTorchDidNotWrite() {
    assertRejected(PickleBytes.stateDict()).hasMessageContaining("not a complete zip archive");
    assertRejected(new TorchBytes().entry("m/other", "x").build())
        .hasMessageContaining("0 entries <name>/data.pkl");
    assertRejected(TorchBytes.of().entry("n/data.pkl", "x").build())
        .hasMessageContaining("2 entries <name>/data.pkl");
    assertRejected(TorchBytes.of().compressed().build()).hasMessageContaining("compressed");
    assertRejected(TorchBytes.of().entry("m/byteorder", "big").build())
        .hasMessageContaining("'big'");
    assertRejected(TorchBytes.of(new byte[0]).build()).hasMessageContaining("ends after 0 bytes");
  }

  private TorchPickleFile open(byte[] file) {
    return TorchPickleFile.open(SafetensorsBytes.write(directory.resolve("m.pth"), file));
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRejected(byte[] file) {
    return assertThatThrownBy(() -> open(file).close())
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT));
  }

  /** Drops an entry's name, "", so that the tensor stands alone. */
  private static PickleBytes withoutName(PickleBytes entry) {
    byte[] bytes = entry.build();
    PickleBytes rest = new PickleBytes();
    for (int i = 1 + Integer.BYTES; i < bytes.length; i++) {
      rest.op(bytes[i]);
    }
    return rest;
  }

  private static void put(ZipArchiveOutputStream zip, String name, byte[] content)
      throws IOException {
    ZipArchiveEntry entry = new ZipArchiveEntry(name);
    entry.setSize(content.length);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setCrc(crc.getValue());
    zip.putArchiveEntry(entry);
    zip.write(content);
    zip.closeArchiveEntry();
  }

  private static long[] longs(long... values) {
    return values;
  }
}
