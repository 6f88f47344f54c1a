package dev.longtake.runtime.ops.cuda;

import static dev.longtake.runtime.tensor.DType.BF16;
import static dev.longtake.runtime.tensor.DType.FP32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.ops.cuda.ParityTrial.Pair;
import dev.longtake.runtime.tensor.DType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("gpu")
class LayoutParityTest {
  // Rounding a result to bf16 changes it by 2⁻⁸ at most, which is 1.53e-5 squared.
  private static final double MAX_NMSE_BF16 = 1.6e-5;

  // A product and a sum may be fused into one rounding.
  private static final double MAX_NMSE_FP32 = 1e-13;

  @ParameterizedTest
  @CsvSource({"1, 1, 2", "3, 2, 128", "5, 1, 6", "2, 3, 24", "1125, 40, 128"})
  void ropeMatchesReference(int tokens, int heads, int headWidth) {
    for (DType dtype : new DType[] {BF16, FP32}) {
      try (ParityTrial trial = ParityTrial.open(14)) {
        Pair x = trial.input(dtype, tokens, heads, headWidth);
        Pair cos = trial.input(FP32, tokens, headWidth / 2);
        Pair sin = trial.input(FP32, tokens, headWidth / 2);
        Pair out = trial.output(dtype, tokens, heads, headWidth);

        trial.run(
            (ops, side) -> {
              ops.rope(side.of(x), side.of(cos), side.of(sin), side.of(out));
              ops.rope(side.of(x), side.of(cos), side.of(sin), side.of(x));
            });

        double limit = dtype == BF16 ? MAX_NMSE_BF16 : MAX_NMSE_FP32;
        assertThat(trial.nmse(out)).isLessThan(limit);
        assertThat(trial.nmse(x)).isLessThan(limit);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "BF16, 1, 1, 1, 1",
    "BF16, 2, 3, 5, 16",
    "BF16, 1, 4, 3, 3",
    "FP32, 3, 2, 7, 8",
    "FP16, 2, 3, 5, 16",
    "FP16, 1, 2, 3, 5"
  })
  void spreadingIsExact(DType dtype, int frames, int rows, int columns, int channels) {
    try (ParityTrial trial = ParityTrial.open(15)) {
      Pair patches = trial.input(dtype, frames, rows, columns, 4 * channels);
      Pair cells = trial.output(dtype, frames, 2 * rows, 2 * columns, channels);
      Pair x = trial.input(dtype, frames, rows, columns, channels);
      Pair repeated = trial.output(dtype, frames, 2 * rows, 2 * columns, channels);

      trial.run(
          (ops, side) -> {
            ops.unpatchify(side.of(patches), side.of(cells));
            ops.upsample2x(side.of(x), side.of(repeated));
          });

      assertThat(trial.nmse(cells)).isZero();
      assertThat(trial.nmse(repeated)).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "BF16, 3, 64, 16, 32",
    "BF16, 5, 33, 7, 9",
    "FP32, 4, 16, 8, 8",
    "FP32, 1, 3, 2, 1",
    "FP16, 3, 64, 16, 32",
    "FP16, 5, 33, 7, 9"
  })
  void columnsAreExact(DType dtype, int rows, int width, int first, int columns) {
    try (ParityTrial trial = ParityTrial.open(16)) {
      Pair x = trial.input(dtype, rows, width);
      Pair out = trial.output(dtype, rows, columns);

      trial.run((ops, side) -> ops.copyColumns(side.of(x), first, side.of(out)));

      assertThat(trial.nmse(out)).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "BF16, 3, 64, 16, 32",
    "BF16, 5, 33, 7, 9",
    "BF16, 1688, 5120, 2560, 2560",
    "FP32, 4, 16, 8, 8",
    "FP16, 5, 33, 7, 9"
  })
  void columnsArePutExactly(DType dtype, int rows, int width, int first, int columns) {
    try (ParityTrial trial = ParityTrial.open(64)) {
      Pair x = trial.input(dtype, rows, columns);
      Pair out = trial.input(dtype, rows, width);

      trial.run((ops, side) -> ops.putColumns(side.of(x), side.of(out), first));

      assertThat(trial.nmse(out)).isZero();
    }
  }
}
