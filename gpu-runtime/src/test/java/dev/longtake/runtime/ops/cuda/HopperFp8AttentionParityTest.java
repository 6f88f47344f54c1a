package dev.longtake.runtime.ops.cuda;

import static dev.longtake.runtime.tensor.DType.BF16;
import static dev.longtake.runtime.tensor.DType.FP32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.cuda.CudaDriver;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.cuda.ParityTrial.Pair;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Fp8E4m3;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Needs compute capability 9.0. */
@Tag("gpu")
class HopperFp8AttentionParityTest {
  private static final int WIDTH = 128;
  private static final byte NAN = 0x7F;

  // Inputs are FP8 on both sides. Rounding probabilities to 3 bits of mantissa costs an error of
  // 2.65 % in the mean; a third of its square is left for the tensor cores' sums of 14 bits.
  private static final double MAX_NMSE = 0.0265 * 0.0265 * 1.33;

  // first, count: all in one group; at the edges of groups and of tiles of 128; in many parts
  @ParameterizedTest
  @CsvSource({
    "1, 1, 0, 1",
    "63, 2, 5, 9",
    "130, 3, 15, 2",
    "64, 2, 0, 127",
    "65, 2, 16, 128",
    "64, 1, 0, 129",
    "128, 2, 15, 113",
    "129, 2, 15, 114",
    "130, 3, 13, 1500",
    "700, 5, 9, 700",
    "3375, 2, 1131, 3375"
  })
  void matchesReference(int queries, int heads, int first, int count) {
    try (ParityTrial trial = ParityTrial.open(22);
        KernelModules modules = new KernelModules(trial.context())) {
      HopperFp8AttentionKernel attention =
          new HopperFp8AttentionKernel(CudaDriver.load().device(0), modules);
      KvPackKernels pack = new KvPackKernels(modules);
      CudaOps gpu = trial.gpu();
      Random random = new Random(count);
      Pair q = trial.of(fp8Gaussian(random, queries * heads * WIDTH), BF16, queries, heads, WIDTH);
      Pair k = trial.of(fp8Gaussian(random, count * heads * WIDTH), BF16, count, heads, WIDTH);
      Pair v = trial.of(fp8Gaussian(random, count * heads * WIDTH), BF16, count, heads, WIDTH);
      Pair out = trial.output(BF16, queries, heads, WIDTH);
      float scale = (float) (1.5 / Math.sqrt(WIDTH));
      try (Arena.Scope scope = gpu.workspace().scope()) {
        int groups = (first + count + 15) / 16;
        DeviceTensor keys = PackedBytes.allocate(gpu, groups, heads, WIDTH, NAN);
        DeviceTensor values = PackedBytes.allocate(gpu, groups, heads, WIDTH, NAN);
        DeviceTensor partial =
            DeviceTensor.of(gpu.workspace().tensor(FP32, HopperFp8AttentionKernel.PARTIAL));
        pack.packKeys(gpu.stream(), k.device(), keys, first);
        pack.packValues(gpu.stream(), v.device(), values, first);

        trial.run(
            (ops, side) -> {
              if (ops == gpu) {
                attention.launch(
                    gpu.stream(),
                    q.device(),
                    keys,
                    values,
                    first,
                    count,
                    scale,
                    out.device(),
                    partial);
              } else {
                ops.attention(
                    side.of(q),
                    List.of(side.of(k)),
                    List.of(side.of(v)),
                    scale,
                    null,
                    side.of(out));
              }
            });
        assertThat(trial.nmse(out)).isLessThan(MAX_NMSE);

        // Again, over the queries: the same bits.
        float[] once = ParityTrial.read(gpu, out.device());
        attention.launch(
            gpu.stream(), q.device(), keys, values, first, count, scale, q.device(), partial);
        assertThat(ParityTrial.read(gpu, q.device())).isEqualTo(once);
      }
    }
  }

  private static float[] fp8Gaussian(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = Fp8E4m3.fromBits(Fp8E4m3.toBits((float) random.nextGaussian()));
    }
    return values;
  }
}
