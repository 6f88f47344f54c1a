package dev.longtake.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.cpu.CpuOps;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.nio.file.Path;
import java.util.Set;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointWeightReaderTest {
  @TempDir private Path directory;

  private final HostBlock memory = HostBlock.reserve(64 << 20);
  private final CpuOps ops = new CpuOps(1, memory.part(0, 0));
  private final Arena arena = new Arena("weights", memory);

  @AfterEach
  void release() {
    ops.close();
    memory.close();
  }

  @Test
  void readsLinearLayers() {
    CheckpointWeightReader reader =
        reader(
            new SafetensorsBytes()
                .add("a.weight", new int[] {2, 3}, 1, 2, 3, 4, 5, 6)
                .add("a.bias", new int[] {2}, 7, 8));
    Linear linear = reader.linear("a", 2, 3);
    assertThat(linear.weight().shape()).isEqualTo(Shape.of(2, 3));
    assertThat(values(linear.weight())).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(values(linear.bias())).containsExactly(7, 8);
    assertThat(values(reader.linearWithoutBias("a", 2, 3).weight()))
        .containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(reader.linearWithoutBias("a", 2, 3).bias()).isNull();
  }

  @Test
  void readsTensorsLargerThanAChunk() {
    int[] shape = {3, 700_001};
    float[] expected = new float[3 * 700_001];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = i;
    }
    CheckpointWeightReader reader = reader(new SafetensorsBytes().add("a", shape, expected));
    assertThat(values(reader.tensor("a", shape))).isEqualTo(expected);
  }

  @Test
  void reordersConvolutionsToChannelsLast() {
    // Value = 100·out + 10·channel + tap.
    CheckpointWeightReader reader =
        reader(
            new SafetensorsBytes()
                .add(
                    "c.weight",
                    new int[] {2, 2, 1, 1, 3},
                    0,
                    1,
                    2,
                    10,
                    11,
                    12,
                    100,
                    101,
                    102,
                    110,
                    111,
                    112)
                .add("c.bias", new int[] {2}, 8, 9));
    ConvShape shape = new ConvShape(2, 2, 1, 1, 3, 1, 1, 1, 0, 0, 1);
    Conv conv = reader.conv("c", shape);
    assertThat(conv.shape()).isEqualTo(shape);
    assertThat(conv.weight().shape()).isEqualTo(Shape.of(2, 6));
    assertThat(values(conv.weight()))
        .containsExactly(0, 10, 1, 11, 2, 12, 100, 110, 101, 111, 102, 112);
    assertThat(values(conv.bias())).containsExactly(8, 9);
  }

  @Test
  void readsConvolutionsLargerThanAChunk() {
    int filters = 40;
    int channels = 10_000;
    int taps = 3;
    float[] stored = new float[filters * channels * taps];
    for (int i = 0; i < stored.length; i++) {
      stored[i] = i;
    }
    CheckpointWeightReader reader =
        reader(
            new SafetensorsBytes()
                .add("c.weight", new int[] {filters, channels, taps}, stored)
                .add("c.bias", new int[] {filters}, new float[filters]));
    float[] actual =
        values(reader.conv("c", ConvShape.overTime(filters, channels, taps, 1)).weight());
    for (int f = 0; f < filters; f++) {
      for (int c = 0; c < channels; c++) {
        for (int t = 0; t < taps; t++) {
          if (actual[(f * taps + t) * channels + c] != stored[(f * channels + c) * taps + t]) {
            throw new AssertionError("filter %d channel %d tap %d".formatted(f, c, t));
          }
        }
      }
    }
  }

  @Test
  void acceptsKernelsWithoutExtentsOfOne() {
    ConvShape overTime = ConvShape.overTime(2, 4, 3, 1);
    ConvShape overSpace = new ConvShape(2, 4, 1, 3, 3, 1, 1, 1, 1, 1, 2);
    ConvShape point = ConvShape.same(2, 4, 1, 1);
    assertThat(accepts(overTime, 2, 4, 3)).isTrue();
    assertThat(accepts(overTime, 2, 4, 3, 1)).isTrue();
    assertThat(accepts(overTime, 2, 4, 3, 1, 1)).isTrue();
    assertThat(accepts(overTime, 2, 4, 1, 1, 3)).isFalse();
    assertThat(accepts(overTime, 2, 4)).isFalse();
    assertThat(accepts(overTime, 4, 2, 3)).isFalse();
    assertThat(accepts(overSpace, 2, 2, 3, 3)).isTrue();
    assertThat(accepts(overSpace, 2, 2, 1, 3, 3)).isTrue();
    assertThat(accepts(overSpace, 2, 4, 3, 3)).isFalse();
    assertThat(accepts(overSpace, 2, 2, 9)).isFalse();
    assertThat(accepts(point, 2, 4)).isTrue();
    assertThat(accepts(point, 2, 4, 1, 1)).isTrue();
    assertThat(accepts(point, 2, 4, 1, 1, 1, 1)).isFalse();
    assertThat(accepts(point, 2)).isFalse();
  }

  @Test
  void rejectsWrongShapes() {
    CheckpointWeightReader reader =
        reader(
            new SafetensorsBytes()
                .add("a.weight", new int[] {2, 3}, new float[6])
                .add("a.bias", new int[] {3}, new float[3])
                .add("only.weight", new int[] {2, 3}, new float[6]));
    assertRejected(() -> reader.tensor("a.weight", 3, 2))
        .hasMessageContaining("Tensor a.weight of")
        .hasMessageContaining("m.safetensors must be [3, 2]")
        .hasMessageContaining("but is FP32 [2, 3]");
    assertRejected(() -> reader.linear("a", 2, 3)).hasMessageContaining("a.bias");
    assertRejected(() -> reader.linear("only", 2, 3))
        .hasMessageContaining("only.bias is not among");
    assertRejected(() -> reader.conv("a", ConvShape.overTime(2, 3, 5, 1)))
        .hasMessageContaining("[2, 3, 5, 1, 1] or the same without kernel extents of 1");
    assertThat(reader.unreadNames()).hasSize(3);
    assertThat(arena.peakBytes()).isZero();
  }

  @Test
  void reportsTensorsThatTheConfigurationHasNoLayerFor() {
    CheckpointWeightReader reader =
        reader(
            new SafetensorsBytes()
                .add("blocks.0.w", new int[] {1}, 1)
                .add("blocks.1.w", new int[] {1}, 1)
                .add("lm_head.weight", new int[] {1}, 1));
    reader.tensor("blocks.0.w", 1);
    assertThat(reader.unreadNames()).containsExactly("blocks.1.w", "lm_head.weight");
    assertRejected(() -> reader.requireAllRead(Set.of("lm_head.weight", "not there")))
        .hasMessageContaining("1 tensors")
        .hasMessageContaining("blocks.1.w")
        .hasMessageContaining("configuration");
    reader.tensor("blocks.1.w", 1);
    reader.requireAllRead(Set.of("lm_head.weight"));
    assertRejected(() -> reader.requireAllRead(Set.of())).hasMessageContaining("lm_head.weight");
  }

  @Test
  void planningTakesTheSameMemory() {
    SafetensorsBytes file =
        new SafetensorsBytes()
            .add("a.weight", new int[] {2, 3}, new float[6])
            .add("a.bias", new int[] {2}, new float[2])
            .add("c.weight", new int[] {2, 2, 3}, new float[12])
            .add("c.bias", new int[] {2}, new float[2]);
    Arena planned = new Arena("planned", new PlannedBlock());
    readAll(reader(file));
    readAll(new PlannedWeightReader(ops, planned));
    assertThat(planned.peakBytes()).isPositive().isEqualTo(arena.peakBytes());
  }

  private static void readAll(WeightReader reader) {
    reader.linear("a", 2, 3);
    reader.linearWithoutBias("a", 2, 3);
    reader.tensor("a.bias", 2);
    reader.conv("c", ConvShape.overTime(2, 2, 3, 1));
  }

  private static boolean accepts(ConvShape conv, int... stored) {
    return new ConvLayout(conv).accepts(Shape.of(stored));
  }

  private CheckpointWeightReader reader(SafetensorsBytes file) {
    Path path = file.write(directory.resolve("m.safetensors"));
    return new CheckpointWeightReader(SafetensorsFile.open(path), ops, arena);
  }

  private float[] values(Tensor tensor) {
    float[] values = new float[(int) tensor.shape().elements()];
    ops.download(tensor, values, 0);
    return values;
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertRejected(
      ThrowingCallable read) {
    return assertThatThrownBy(read).isInstanceOf(LongtakeException.class);
  }
}
