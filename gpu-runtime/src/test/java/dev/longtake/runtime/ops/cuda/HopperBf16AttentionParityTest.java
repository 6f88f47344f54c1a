package dev.longtake.runtime.ops.cuda;

import static dev.longtake.runtime.tensor.DType.BF16;
import static dev.longtake.runtime.tensor.DType.FP32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.cuda.HopperBf16AttentionKernel.Tiles;
import dev.longtake.runtime.ops.cuda.ParityTrial.Pair;
import dev.longtake.runtime.tensor.DeviceTensor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Needs compute capability 9.0. */
@Tag("gpu")
class HopperBf16AttentionParityTest {
  private static final int WIDTH = 128;

  // Probabilities and results are rounded to bf16: each costs a relative error of 1.7e-3 at most in
  // the mean, so 2·2.8e-6.
  private static final double MAX_NMSE = 1e-5;

  // queries, heads, keys: one, at the edges of groups of queries and of tiles, in many parts, real
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "63, 2, 9",
    "64, 2, 127",
    "65, 2, 128",
    "127, 1, 129",
    "128, 2, 176",
    "129, 3, 177",
    "130, 3, 353",
    "1125, 2, 5",
    "700, 5, 1500",
    "3375, 3, 512",
    "3375, 2, 16278"
  })
  void matchesReference(int queries, int heads, int keys) {
    try (ParityTrial trial = ParityTrial.open(31);
        KernelModules modules = new KernelModules(trial.context())) {
      HopperBf16AttentionKernel attention = new HopperBf16AttentionKernel(trial.context(), modules);
      CudaOps gpu = trial.gpu();
      Pair q = trial.input(BF16, queries, heads, WIDTH);
      Pair k = trial.input(BF16, keys, heads, WIDTH);
      Pair v = trial.input(BF16, keys, heads, WIDTH);
      Pair out = trial.output(BF16, queries, heads, WIDTH);
      float scale = (float) (2 / Math.sqrt(WIDTH));
      trial.run(
          (ops, side) -> {
            if (ops != gpu) {
              ops.attention(
                  side.of(q), List.of(side.of(k)), List.of(side.of(v)), scale, null, side.of(out));
            }
          });
      KeySegments segments = KeySegments.of(q.device(), List.of(k.device()), List.of(v.device()));
      try (Arena.Scope scope = gpu.workspace().scope()) {
        DeviceTensor partial =
            DeviceTensor.of(gpu.workspace().tensor(FP32, HopperBf16AttentionKernel.PARTIAL));
        for (Tiles tiles : Tiles.values()) {
          gpu.fill(out.device(), Float.NaN);
          attention.launch(gpu.stream(), tiles, q.device(), segments, scale, out.device(), partial);
          assertThat(trial.nmse(out)).as("%s tiles", tiles).isLessThan(MAX_NMSE);
        }

        // Again, over the queries: the same bits.
        float[] once = ParityTrial.read(gpu, out.device());
        attention.launch(
            gpu.stream(), Tiles.SHORT, q.device(), segments, scale, q.device(), partial);
        assertThat(ParityTrial.read(gpu, q.device())).isEqualTo(once);
      }
    }
  }
}
