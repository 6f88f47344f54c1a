package dev.longtake.runtime.ops.cuda;

import static dev.longtake.runtime.tensor.DType.BF16;
import static dev.longtake.runtime.tensor.DType.FP32;
import static dev.longtake.runtime.tensor.DType.FP8_E4M3;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.cuda.ParityTrial.Pair;
import dev.longtake.runtime.ops.cuda.ParityTrial.Side;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Fp8E4m3;
import dev.longtake.runtime.tensor.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("gpu")
class FusedNormParityTest {
  // Rounding a result to bf16 changes it by 2⁻⁸ at most, which is 1.53e-5 squared.
  private static final double MAX_NMSE_BF16 = 1.6e-5;

  // The residual is fp32 on both sides, and grows by one product.
  private static final double MAX_NMSE_FP32 = 1e-12;

  // A mantissa of 3 bits: if all numbers lay just above a power of two, (2⁻³)²/12 of it; and a
  // second rounding to bf16.
  private static final double MAX_NMSE_FP8 = 1.0 / 64 / 12 + MAX_NMSE_BF16;

  // edge, the goldens', one that no kernel takes, the real one
  @ParameterizedTest
  @CsvSource({"1, 1, 8", "7, 1, 128", "9, 3, 42", "33, 2, 128", "3375, 40, 128"})
  void rmsNormRopeMatchesReference(int tokens, int heads, int headWidth) {
    try (ParityTrial trial = ParityTrial.open(11)) {
      Pair x = trial.input(BF16, tokens, heads, headWidth);
      Pair weight = trial.input(BF16, heads * headWidth);
      Pair cos = trial.input(FP32, tokens, headWidth / 2);
      Pair sin = trial.input(FP32, tokens, headWidth / 2);
      Pair result = trial.output(BF16, tokens, heads, headWidth);

      trial.run(
          (ops, side) -> {
            turn(ops, side, x, weight, cos, sin, result);
            turn(ops, side, x, weight, cos, sin, x);
          });

      assertThat(trial.nmse(result)).isLessThan(MAX_NMSE_BF16);
      assertThat(trial.nmse(x)).isLessThan(MAX_NMSE_BF16);
    }
  }

  private static void turn(
      Ops ops, Side side, Pair x, Pair weight, Pair cos, Pair sin, Pair result) {
    ops.rmsNormRope(
        side.of(x), side.of(weight), 1e-6f, side.of(cos), side.of(sin), side.of(result));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 8, 1, BF16, true",
    "6, 33, 2, FP32, true",
    "9, 256, 3, BF16, false",
    "5, 5120, 1, FP32, false",
    "3375, 5120, 3, BF16, true",
    "3375, 5120, 1, FP32, true"
  })
  void addThenLayerNormMatchesReference(
      int rows, int width, int groups, DType parameters, boolean gated) {
    try (ParityTrial trial = ParityTrial.open(12)) {
      Pair x = trial.input(FP32, rows, width);
      Pair y = trial.input(BF16, rows, width);
      Pair gate = gated ? trial.input(FP32, width) : null;
      Pair scale = trial.input(parameters, groups, width);
      Pair shift = trial.input(parameters, groups, width);
      Pair plain = trial.output(BF16, rows, width);
      Pair modulated = trial.output(BF16, rows, width);

      trial.run(
          (ops, side) -> {
            Tensor factors = side.ofNullable(gate);
            Tensor weight = side.of(scale).slice(0, 1).reshape(width);
            Tensor bias = side.of(shift).slice(0, 1).reshape(width);
            ops.addThenLayerNorm(
                side.of(x), side.of(y), factors, weight, bias, 1e-6f, side.of(plain));
            ops.addThenLayerNormModulated(
                side.of(x),
                side.of(y),
                factors,
                side.of(scale),
                side.of(shift),
                1e-6f,
                side.of(modulated));
          });

      assertThat(trial.nmse(x)).isLessThan(MAX_NMSE_FP32);
      assertThat(trial.nmse(plain)).isLessThan(MAX_NMSE_BF16);
      assertThat(trial.nmse(modulated)).isLessThan(MAX_NMSE_BF16);
    }
  }

  // Read back by a product with the identity, which FP8 holds exactly.
  @ParameterizedTest
  @CsvSource({"1, 64, 1", "9, 128, 3", "33, 256, 1", "3375, 512, 3"})
  void resultsInFp8MatchReference(int rows, int width, int groups) {
    try (ParityTrial trial = ParityTrial.open(13)) {
      CudaOps gpu = trial.gpu();
      Pair x = trial.input(FP32, rows, width);
      Pair y = trial.input(BF16, rows, width);
      Pair gate = trial.input(FP32, width);
      Pair scale = trial.input(FP32, groups, width);
      Pair shift = trial.input(FP32, groups, width);
      Pair first = trial.output(BF16, rows, width);
      Pair second = trial.output(BF16, rows, width);
      Pair third = trial.output(BF16, rows, width);
      try (Arena.Scope scope = gpu.workspace().scope()) {
        Linear identity = identity(gpu, width);
        trial.run(
            (ops, side) -> {
              Tensor one = side.of(scale).slice(0, 1);
              Tensor other = side.of(shift).slice(0, 1);
              Tensor r = ops == gpu ? gpu.linearInput(rows, identity) : side.of(first);
              ops.layerNormModulated(side.of(x), side.of(scale), side.of(shift), 1e-6f, r);
              read(ops, r, identity, side.of(first));
              r = ops == gpu ? r : side.of(second);
              ops.addThenLayerNorm(
                  side.of(x),
                  side.of(y),
                  side.of(gate),
                  one.reshape(width),
                  other.reshape(width),
                  1e-6f,
                  r);
              read(ops, r, identity, side.of(second));
              r = ops == gpu ? r : side.of(third);
              ops.addThenLayerNormModulated(
                  side.of(x), side.of(y), null, side.of(scale), side.of(shift), 1e-6f, r);
              read(ops, r, identity, side.of(third));
            });

        assertThat(trial.nmse(first)).isLessThan(MAX_NMSE_FP8);
        assertThat(trial.nmse(second)).isLessThan(MAX_NMSE_FP8);
        assertThat(trial.nmse(third)).isLessThan(MAX_NMSE_FP8);
        assertThat(trial.nmse(x)).isLessThan(MAX_NMSE_FP32);
      }
    }
  }

  private static void read(Ops ops, Tensor rows, Linear identity, Tensor out) {
    if (rows != out) {
      ops.linear(rows, identity, Activation.NONE, out);
    }
  }

  private static Linear identity(CudaOps gpu, int width) {
    float[] values = new float[width * width];
    float[] scales = new float[width];
    for (int i = 0; i < width; i++) {
      values[i * width + i] = Fp8E4m3.LARGEST;
      scales[i] = 1 / Fp8E4m3.LARGEST;
    }
    Tensor weight = gpu.workspace().tensor(FP8_E4M3, width, width);
    Tensor scale = gpu.workspace().tensor(FP32, width);
    gpu.upload(values, 0, weight);
    gpu.upload(scales, 0, scale);
    return new Linear(weight, null, scale);
  }
}
