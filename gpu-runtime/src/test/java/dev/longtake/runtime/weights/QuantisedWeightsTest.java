package dev.longtake.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Fp8E4m3;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class QuantisedWeightsTest {
  private static final int ROWS = 7;
  private static final int WIDTH = 48;

  // Rounding to 3 mantissa bits is off by at most 1/16; below 2^-6 of a row's scale the step is
  // 2^-9.
  @Test
  void everyRowFillsTheRangeAndComesBack() {
    Random random = new Random(5);
    float[] values = new float[ROWS * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * Math.pow(10, i / WIDTH - 4));
    }
    Uploads uploads = new Uploads();

    RowQuantizer.load(stored(values), target(), uploads.ops(), new ReadAhead());

    float[] scaled = uploads.of(DType.FP8_E4M3);
    float[] scales = uploads.of(DType.FP32);
    assertThat(scales).hasSize(ROWS);
    for (int row = 0; row < ROWS; row++) {
      float largest = 0;
      for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
        float back = Fp8E4m3.fromBits(Fp8E4m3.toBits(scaled[i])) * scales[row];
        float step = Math.max(Math.abs(values[i]) / 16, scales[row] * 0x1p-10f);
        assertThat(Math.abs(back - values[i])).isLessThanOrEqualTo(1.001f * step);
        largest = Math.max(largest, Math.abs(scaled[i]));
      }
      assertThat(largest).isBetween(447.99f, 448.01f);
    }
  }

  @Test
  void rowOfZerosStaysZero() {
    Uploads uploads = new Uploads();

    RowQuantizer.load(stored(new float[ROWS * WIDTH]), target(), uploads.ops(), new ReadAhead());

    assertThat(uploads.of(DType.FP32)).containsOnly(1f);
    assertThat(uploads.of(DType.FP8_E4M3)).containsOnly(0f);
  }

  @Test
  void onlyChosenMatricesAreQuantised() {
    WeightTypes types = new WeightTypes(DType.BF16, name -> name.startsWith("blocks."));
    PlannedWeightReader reader =
        new PlannedWeightReader(new Arena("planned", new PlannedBlock()), types);

    Linear layer = reader.linear("blocks.0.ffn.0", 32, 16);
    Linear head = reader.linear("head.head", 32, 16);

    assertThat(layer.weight().dtype()).isEqualTo(DType.FP8_E4M3);
    assertThat(layer.scale()).isNotNull();
    assertThat(layer.bias().dtype()).isEqualTo(DType.BF16);
    assertThat(head.weight().dtype()).isEqualTo(DType.BF16);
    assertThat(head.scale()).isNull();
    assertThat(reader.tensor("blocks.0.modulation", 4).dtype()).isEqualTo(DType.BF16);
  }

  @Test
  void randomWeightsTakeWhatReadOnesTakeAndTheirPools() {
    WeightTypes types = new WeightTypes(DType.BF16, name -> name.startsWith("blocks."));
    Arena planned = new Arena("planned", new PlannedBlock());
    Arena random = new Arena("random", new PlannedBlock());
    try (Ops ops = new PlanningOps(DType.BF16)) {
      WeightReader filling = new RandomWeightReader(ops, random, types, 1);
      for (WeightReader reader : List.of(new PlannedWeightReader(planned, types), filling)) {
        reader.linear("blocks.0.ffn.0", 3000, 2000);
        reader.linearWithoutBias("head", 3000, 2000);
        reader.tensor("norm", 2000);
      }
    }
    long pools = (1L << 22) + (2L << 22); // one in FP8, one in bf16
    assertThat(random.peakBytes()).isEqualTo(planned.peakBytes() + pools);
  }

  private static Linear target() {
    Arena arena = new Arena("planned", new PlannedBlock());
    return new Linear(
        arena.tensor(DType.FP8_E4M3, ROWS, WIDTH), null, arena.tensor(DType.FP32, ROWS));
  }

  private static StoredTensor stored(float[] values) {
    return new StoredTensor() {
      @Override
      public String name() {
        return "weight";
      }

      @Override
      public String file() {
        return "memory";
      }

      @Override
      public DType dtype() {
        return DType.FP32;
      }

      @Override
      public Shape shape() {
        return Shape.of(ROWS, WIDTH);
      }

      @Override
      public void read(long firstElement, float[] out, int outOffset, int count) {
        System.arraycopy(values, (int) firstElement, out, outOffset, count);
      }
    };
  }

  /** Keeps what is uploaded, by type, in order. */
  private static final class Uploads {
    private final List<DType> types = new ArrayList<>();
    private final List<float[]> values = new ArrayList<>();

    Ops ops() {
      return (Ops)
          Proxy.newProxyInstance(
              Ops.class.getClassLoader(),
              new Class<?>[] {Ops.class},
              (proxy, method, arguments) -> {
                assertThat(method.getName()).isEqualTo("upload");
                float[] source = (float[]) arguments[0];
                int first = (int) arguments[1];
                Tensor out = (Tensor) arguments[2];
                types.add(out.dtype());
                int count = (int) out.shape().elements();
                values.add(Arrays.copyOfRange(source, first, first + count));
                return null;
              });
    }

    float[] of(DType dtype) {
      float[] all = new float[0];
      for (int i = 0; i < types.size(); i++) {
        if (types.get(i) == dtype) {
          float[] joined = Arrays.copyOf(all, all.length + values.get(i).length);
          System.arraycopy(values.get(i), 0, joined, all.length, values.get(i).length);
          all = joined;
        }
      }
      return all;
    }
  }
}
