package dev.longtake.runtime.ops.cuda;

import static dev.longtake.runtime.tensor.DType.BF16;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.cuda.ParityTrial.Pair;
import dev.longtake.runtime.tensor.DType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("gpu")
class ElementwiseParityTest {
  // Rounding a result to bf16 changes it by 2⁻⁸ at most, which is 1.53e-5 squared.
  private static final double MAX_NMSE_BF16 = 1.6e-5;

  // One multiplication and addition may be fused into one rounding; exponentials are within 1e-6.
  private static final double MAX_NMSE_FP32 = 1e-11;

  private static final String TYPES =
      """
      FP32, FP32, FP32, 3, 33
      FP32, BF16, FP32, 257, 5120
      FP32, BF16, BF16, 1, 8
      FP32, FP32, BF16, 5, 64
      BF16, BF16, BF16, 4, 100
      BF16, BF16, FP32, 7, 7
      BF16, FP32, BF16, 2, 48
      BF16, FP32, FP32, 3, 9
      """;

  @ParameterizedTest
  @CsvSource(textBlock = TYPES)
  void sumsAndProductsMatchReference(DType a, DType b, DType out, int rows, int width) {
    try (ParityTrial trial = ParityTrial.open(10)) {
      Pair left = trial.input(a, rows, width);
      Pair right = trial.input(b, rows, width);
      Pair sum = trial.output(out, rows, width);
      Pair product = trial.output(out, rows, width);

      trial.run(
          (ops, side) -> {
            ops.add(side.of(left), side.of(right), side.of(sum));
            ops.multiply(side.of(left), side.of(right), side.of(product));
            ops.addScaled(side.of(left), side.of(right), 0.37f);
          });

      assertThat(trial.nmse(sum)).isLessThan(limit(out));
      assertThat(trial.nmse(product)).isLessThan(limit(out));
      assertThat(trial.nmse(left)).isLessThan(limit(a));
    }
  }

  @ParameterizedTest
  @CsvSource(textBlock = TYPES)
  void rowsMatchReference(DType x, DType y, DType row, int rows, int width) {
    try (ParityTrial trial = ParityTrial.open(11)) {
      Pair gated = trial.input(x, rows, width);
      Pair moved = trial.input(x, rows, width);
      Pair addend = trial.input(y, rows, width);
      Pair gate = trial.input(row, width);
      Pair shift = trial.input(row, width);
      Pair scaled = trial.output(y, rows, width);

      trial.run(
          (ops, side) -> {
            ops.addGated(side.of(gated), side.of(addend), side.of(gate));
            ops.scaleShift(side.of(moved), side.of(gate), side.of(shift), side.of(scaled));
            ops.addRow(side.of(moved), side.of(shift));
          });

      assertThat(trial.nmse(gated)).isLessThan(limit(x));
      assertThat(trial.nmse(scaled)).isLessThan(limit(y));
      assertThat(trial.nmse(moved)).isLessThan(limit(x));
    }
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void activationsMatchReference(Activation activation) {
    try (ParityTrial trial = ParityTrial.open(12)) {
      for (DType dtype : new DType[] {DType.FP32, BF16}) {
        Pair x = trial.input(3, dtype, 7, 333);
        Pair out = trial.output(dtype, 7, 333);

        trial.run((ops, side) -> ops.activate(side.of(x), activation, side.of(out)));

        assertThat(trial.nmse(out)).isLessThan(limit(dtype));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"FP32, BF16, 33", "BF16, FP32, 64", "BF16, BF16, 7", "FP32, FP32, 5000000"})
  void copiesMatchReference(DType from, DType to, int count) {
    try (ParityTrial trial = ParityTrial.open(13)) {
      Pair x = trial.input(from, count);
      Pair out = trial.output(to, count);

      trial.run((ops, side) -> ops.copy(side.of(x), side.of(out)));

      assertThat(trial.nmse(out)).isLessThan(limit(to));
    }
  }

  private static double limit(DType out) {
    return out == BF16 ? MAX_NMSE_BF16 : MAX_NMSE_FP32;
  }
}
