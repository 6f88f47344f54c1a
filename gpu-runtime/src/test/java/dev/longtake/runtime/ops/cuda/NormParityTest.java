package dev.longtake.runtime.ops.cuda;

import static dev.longtake.runtime.tensor.DType.BF16;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.cuda.ParityTrial.Pair;
import dev.longtake.runtime.tensor.DType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("gpu")
class NormParityTest {
  // Rounding a result to bf16 changes it by 2⁻⁸ at most, which is 1.53e-5 squared; to fp16 by 2⁻¹¹.
  private static final double MAX_NMSE_BF16 = 1.6e-5;
  private static final double MAX_NMSE_FP16 = 2.4e-7;

  // Sums of up to 40 000 fp32 terms in another order, and a faster square root and exponential.
  private static final double MAX_NMSE_FP32 = 1e-11;

  // edge, odd, those of wav2vec2 and T5, of the transformer, wider than a block keeps
  private static final String SHAPES =
      """
      1, 8, FP32, FP32
      6, 33, BF16, BF16
      7, 512, BF16, BF16
      9, 4096, BF16, BF16
      3375, 5120, FP32, BF16
      3, 1000, BF16, FP32
      2, 40000, FP32, FP32
      """;

  @ParameterizedTest
  @CsvSource(textBlock = SHAPES)
  void layerNormMatchesReference(int rows, int width, DType in, DType out) {
    try (ParityTrial trial = ParityTrial.open(6)) {
      Pair x = trial.input(in, rows, width);
      Pair weight = trial.input(BF16, width);
      Pair bias = trial.input(BF16, width);
      Pair whole = trial.output(out, rows, width);
      Pair plain = trial.output(out, rows, width);

      trial.run(
          (ops, side) -> {
            ops.layerNorm(side.of(x), side.of(weight), side.of(bias), 1e-5f, side.of(whole));
            ops.layerNorm(side.of(x), null, null, 1e-5f, side.of(plain));
          });

      assertThat(trial.nmse(whole)).isLessThan(limit(out));
      assertThat(trial.nmse(plain)).isLessThan(limit(out));
    }
  }

  @ParameterizedTest
  @CsvSource(textBlock = SHAPES)
  void layerNormModulatedMatchesReference(int rows, int width, DType in, DType out) {
    try (ParityTrial trial = ParityTrial.open(7)) {
      int groups = rows % 3 == 0 ? 3 : 1;
      Pair x = trial.input(in, rows, width);
      Pair scale = trial.input(in, groups, width);
      Pair shift = trial.input(in, groups, width);
      Pair result = trial.output(out, rows, width);

      trial.run(
          (ops, side) ->
              ops.layerNormModulated(
                  side.of(x), side.of(scale), side.of(shift), 1e-6f, side.of(result)));

      assertThat(trial.nmse(result)).isLessThan(limit(out));
    }
  }

  @ParameterizedTest
  @CsvSource(textBlock = SHAPES)
  void rmsNormMatchesReference(int rows, int width, DType in, DType out) {
    try (ParityTrial trial = ParityTrial.open(8)) {
      Pair x = trial.input(in, rows, width);
      Pair weight = trial.input(BF16, width);
      Pair result = trial.output(out, rows, width);

      trial.run(
          (ops, side) -> {
            ops.rmsNorm(side.of(x), side.of(weight), 1e-6f, side.of(result));
            ops.rmsNorm(side.of(x), side.of(weight), 1e-6f, side.of(x));
          });

      assertThat(trial.nmse(result)).isLessThan(limit(out));
      assertThat(trial.nmse(x)).isLessThan(limit(in));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 8, FP16",
    "5, 96, FP16",
    "100, 192, FP16",
    "33, 384, FP16",
    "7, 33, FP16",
    "3, 1024, FP16",
    "9, 96, FP32",
    "4, 7, FP32"
  })
  void channelNormMatchesReference(int rows, int width, DType dtype) {
    try (ParityTrial trial = ParityTrial.open(9)) {
      Pair x = trial.input(dtype, rows, width);
      if (rows > 1) {
        trial.run((ops, side) -> ops.fill(side.of(x.slice(0, 1)), 0));
      }
      Pair gamma = trial.input(dtype, width);
      Pair result = trial.output(dtype, rows, width);

      trial.run(
          (ops, side) ->
              ops.channelNorm(side.of(x), side.of(gamma), Activation.SILU, side.of(result)));

      assertThat(trial.nmse(result)).isLessThan(limit(dtype));
    }
  }

  private static double limit(DType out) {
    return switch (out) {
      case BF16 -> MAX_NMSE_BF16;
      case FP16 -> MAX_NMSE_FP16;
      default -> MAX_NMSE_FP32;
    };
  }
}
