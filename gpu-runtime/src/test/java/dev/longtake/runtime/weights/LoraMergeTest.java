package dev.longtake.runtime.weights;

import static dev.longtake.runtime.weights.SafetensorsBytes.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.Bf16;
import dev.longtake.runtime.tensor.Fp16;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Random;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraMergeTest {
  private static final String A = "blocks.0.ffn.0.lora_A.default.weight";
  private static final String B = "blocks.0.ffn.0.lora_B.default.weight";

  @TempDir private Path directory;

  private final SafetensorsBytes base =
      new SafetensorsBytes()
          .add("blocks.0.ffn.0.weight", new int[] {2, 3}, 1, 2, 3, 4, 5, 6)
          .add("blocks.0.ffn.0.bias", new int[] {2}, 7, 8);

  @ParameterizedTest
  @CsvSource({
    "'', .default",
    "'', ''",
    "'', .stage2",
    "base_model.model., .default",
    "base_model.model., ''"
  })
  void mergesInAnyOfTheSpellings(String prefix, String adapter) {
    SafetensorsBytes lora =
        new SafetensorsBytes()
            .add(
                prefix + "blocks.0.ffn.0.lora_A" + adapter + ".weight",
                new int[] {1, 3},
                1,
                10,
                100)
            .add(prefix + "blocks.0.ffn.0.lora_B" + adapter + ".weight", new int[] {2, 1}, 1, -1);
    try (TensorSource merged = merge(lora, 2)) {
      assertThat(merged.names())
          .containsExactlyInAnyOrder("blocks.0.ffn.0.weight", "blocks.0.ffn.0.bias");
      assertThat(read(merged.tensor("blocks.0.ffn.0.weight")))
          .containsExactly(3, 22, 203, 2, -15, -194);
      assertThat(read(merged.tensor("blocks.0.ffn.0.bias"))).containsExactly(7, 8);
    }
  }

  @Test
  void dividesAlphaByTheRankOfTheShapes() {
    SafetensorsBytes lora =
        new SafetensorsBytes()
            .add(A, new int[] {4, 3}, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)
            .add(B, new int[] {2, 4}, 8, 16, 24, 5, 0, 0, 0, 5);
    try (TensorSource merged = merge(lora, 1)) {
      assertThat(read(merged.tensor("blocks.0.ffn.0.weight")))
          .containsExactly(1 + 2, 2 + 4, 3 + 6, 4, 5, 6);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3}) // seeds; the name of a failed case shows its own
  void givesTheSameBitsWhateverRangeIsRead(long seed) {
    Random random = new Random(seed);
    int rows = 101;
    int columns = 70;
    int rank = 1 + random.nextInt(40);
    float[] w = gaussian(random, rows * columns);
    float[] a = gaussian(random, rank * columns);
    float[] b = gaussian(random, rows * rank);
    SafetensorsBytes lora =
        new SafetensorsBytes()
            .add("w.lora_A.weight", new int[] {rank, columns}, a)
            .add("w.lora_B.weight", new int[] {rows, rank}, b);
    SafetensorsBytes wide = new SafetensorsBytes().add("w.weight", new int[] {rows, columns}, w);
    try (TensorSource merged = merge(wide, lora, rank / 2.0)) {
      StoredTensor tensor = merged.tensor("w.weight");
      float[] whole = read(tensor);
      for (int i = 0; i < whole.length; i++) {
        double expected = w[i];
        for (int k = 0; k < rank; k++) {
          expected += 0.5 * b[i / columns * rank + k] * a[k * columns + i % columns];
        }
        // At most 40 terms of magnitude 16 or less, each rounded to 2^-24 of the running sum.
        assertThat((double) whole[i]).isCloseTo(expected, offset(2e-5));
      }
      for (int trial = 0; trial < 50; trial++) {
        int first = random.nextInt(whole.length);
        int count = random.nextInt(whole.length - first + 1);
        float[] part = new float[count + 2];
        tensor.read(first, part, 1, count);
        for (int i = 0; i < count; i++) {
          assertThat(part[1 + i]).isEqualTo(whole[first + i]);
        }
        assertThat(part[0] + part[count + 1]).isZero();
      }
    }
  }

  @Test
  void roundsToTheTypeOfTheBase() {
    float third = 1 / 3f;
    for (String dtype : new String[] {"BF16", "F16"}) {
      short stored = dtype.equals("BF16") ? Bf16.toBits(1) : Fp16.toBits(1);
      byte[] one = ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN).putShort(stored).array();
      SafetensorsBytes narrow =
          new SafetensorsBytes().add("w.weight", dtype, new int[] {1, 1}, one);
      SafetensorsBytes lora =
          new SafetensorsBytes()
              .add("w.lora_A.weight", new int[] {1, 1}, third)
              .add("w.lora_B.weight", new int[] {1, 1}, 1);
      try (TensorSource merged = merge(narrow, lora, 1)) {
        float expected = dtype.equals("BF16") ? Bf16.round(1 + third) : Fp16.round(1 + third);
        assertThat(read(merged.tensor("w.weight"))).containsExactly(expected);
      }
    }
  }

  @Test
  void reportsNamesThatMatchNothing() {
    SafetensorsBytes lora =
        pair()
            .add("blocks.9.ffn.0.lora_A.weight", new int[] {1, 3}, 1, 2, 3)
            .add("blocks.0.ffn.0.diff", new int[] {1}, 1);
    assertRejected(lora)
        .hasMessageContaining("2 of the 4 tensors")
        .hasMessageContaining("'blocks.9.ffn.0.lora_A.weight', 'blocks.0.ffn.0.diff'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "blocks.0.ffn.0.weight",
        "blocks.0.ffn.0.lora_A.one.two.weight",
        "blocks.0.ffn.0.lora_C.weight",
        "blocks.0.ffn.0.lora_A.default.bias",
        "base_model.model.base_model.model.blocks.0.ffn.0.lora_A.weight"
      })
  void reportsNamesOfAnyOtherForm(String name) {
    assertRejected(pair().add(name, new int[] {1}, 1)).hasMessageContaining("'" + name + "'");
  }

  @Test
  void rejectsHalfAPair() {
    assertRejected(new SafetensorsBytes().add(A, new int[] {1, 3}, 1, 2, 3))
        .hasMessageContaining(A + " without its other half, lora_B of blocks.0.ffn.0");
    assertRejected(new SafetensorsBytes().add(B, new int[] {2, 1}, 1, 2))
        .hasMessageContaining(B + " without its other half, lora_A of blocks.0.ffn.0");
  }

  @Test
  void rejectsShapesThatDoNotGoTogether() {
    assertRejected(lora(new int[] {2, 3}, new int[] {2, 1}))
        .hasMessageContaining(B + " of")
        .hasMessageContaining("must be [2, 2]")
        .hasMessageContaining("but is [2, 1]");
    assertRejected(lora(new int[] {1, 2}, new int[] {2, 1}))
        .hasMessageContaining(A + " of")
        .hasMessageContaining("must be [1, 3]")
        .hasMessageContaining("but is [1, 2]");
    assertRejected(lora(new int[] {1, 3}, new int[] {3, 1})).hasMessageContaining("must be [2, 1]");
    assertRejected(lora(new int[] {0, 3}, new int[] {2, 0}))
        .hasMessageContaining("must be [rank, 3]");
    assertRejected(lora(new int[] {3}, new int[] {2, 1})).hasMessageContaining("must be [rank, 3]");
  }

  @Test
  void rejectsAdapterWithoutTensors() {
    assertRejected(new SafetensorsBytes()).hasMessageContaining("holds no tensors");
  }

  @Test
  void rejectsTwoAdaptersForOneWeight() {
    assertRejected(pair().add("blocks.0.ffn.0.lora_A.second.weight", new int[] {1, 3}, 1, 2, 3))
        .hasMessageContaining("for the same weight");
  }

  @Test
  void rejectsAdapterThatLeavesOutALayer() {
    base.add("blocks.1.ffn.0.weight", new int[] {2, 3}, 1, 2, 3, 4, 5, 6);
    assertRejected(pair())
        .hasMessageContaining("nothing for 1 weights")
        .hasMessageContaining("blocks.1.ffn.0");
  }

  @Test
  void rejectsBaseThatIsNoFloatingPointMatrix() {
    assertRejected(
            new SafetensorsBytes()
                .add("blocks.0.ffn.0.weight", "I8", new int[] {2, 3}, new byte[6]),
            pair())
        .hasMessageContaining("INT8");
    assertRejected(
            new SafetensorsBytes().add("blocks.0.ffn.0.weight", new int[] {6}, new float[6]),
            pair())
        .hasMessageContaining("must be a matrix [out, in], but is [6]");
  }

  private static SafetensorsBytes pair() {
    return lora(new int[] {1, 3}, new int[] {2, 1});
  }

  private static SafetensorsBytes lora(int[] a, int[] b) {
    return new SafetensorsBytes().add(A, a, new float[product(a)]).add(B, b, new float[product(b)]);
  }

  private static int product(int[] extents) {
    int product = 1;
    for (int extent : extents) {
      product *= extent;
    }
    return product;
  }

  private static float[] gaussian(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private TensorSource merge(SafetensorsBytes lora, double alpha) {
    return merge(base, lora, alpha);
  }

  private TensorSource merge(SafetensorsBytes model, SafetensorsBytes lora, double alpha) {
    return LoraMerge.merge(
        SafetensorsFile.open(model.write(directory.resolve("base.safetensors"))),
        SafetensorsFile.open(lora.write(directory.resolve("lora.safetensors"))),
        alpha);
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRejected(SafetensorsBytes lora) {
    return assertRejected(base, lora);
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRejected(
      SafetensorsBytes model, SafetensorsBytes lora) {
    return assertThatThrownBy(() -> merge(model, lora, 1))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
        .hasMessageContaining(".safetensors");
  }
}
