package dev.longtake.runtime.ops.cuda;

import static dev.longtake.runtime.tensor.DType.BF16;
import static dev.longtake.runtime.tensor.DType.FP16;
import static dev.longtake.runtime.tensor.DType.FP32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.cuda.ParityTrial.Pair;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Fp16;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("gpu")
class ElementwiseParityTest {
  // Rounding a result to bf16 changes it by 2⁻⁸ at most, which is 1.53e-5 squared; to fp16 by 2⁻¹¹.
  private static final double MAX_NMSE_BF16 = 1.6e-5;
  private static final double MAX_NMSE_FP16 = 2.4e-7;

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
  @CsvSource({"3, 33", "1, 8", "257, 384"})
  void fp16MatchesReference(int rows, int width) {
    try (ParityTrial trial = ParityTrial.open(17)) {
      Pair left = trial.input(FP16, rows, width);
      Pair right = trial.input(FP16, rows, width);
      Pair scale = trial.input(FP32, width);
      Pair shift = trial.input(FP32, width);
      Pair sum = trial.output(FP16, rows, width);
      Pair scaled = trial.output(FP16, rows, width);

      trial.run(
          (ops, side) -> {
            ops.add(side.of(left), side.of(right), side.of(sum));
            ops.scaleShift(side.of(left), side.of(scale), side.of(shift), side.of(scaled));
          });

      assertThat(trial.nmse(sum)).isLessThan(MAX_NMSE_FP16);
      assertThat(trial.nmse(scaled)).isLessThan(MAX_NMSE_FP16);
    }
  }

  @Test
  void whatIsTooLargeForFp16BecomesItsLargestAndNansStay() {
    float[] values = new float[19]; // whole packs and single elements
    float[] expected = new float[19];
    for (int i = 0; i < 19; i++) {
      values[i] = (i % 2 == 0 ? 1 : -1) * (i % 3 == 0 ? Float.POSITIVE_INFINITY : 70_000);
      expected[i] = (i % 2 == 0 ? 1 : -1) * Fp16.LARGEST;
    }
    values[1] = expected[1] = values[17] = expected[17] = Float.NaN;
    values[2] = expected[2] = -0.375f;
    try (ParityTrial trial = ParityTrial.open(18)) {
      Pair rounded = trial.of(values, FP16, 19);

      assertThat(ParityTrial.read(trial.gpu(), rounded.device())).containsExactly(expected);
    }
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void activationsMatchReference(Activation activation) {
    try (ParityTrial trial = ParityTrial.open(12)) {
      for (DType dtype : new DType[] {FP32, BF16, FP16}) {
        Pair x = trial.input(3, dtype, 7, 333);
        Pair out = trial.output(dtype, 7, 333);

        trial.run((ops, side) -> ops.activate(side.of(x), activation, side.of(out)));

        assertThat(trial.nmse(out)).isLessThan(limit(dtype));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FP32, BF16, 33",
    "BF16, FP32, 64",
    "BF16, BF16, 7",
    "FP32, FP32, 5000000",
    "FP32, FP16, 33",
    "BF16, FP16, 64",
    "FP16, FP32, 9",
    "FP16, FP16, 16"
  })
  void copiesMatchReference(DType from, DType to, int count) {
    try (ParityTrial trial = ParityTrial.open(13)) {
      Pair x = trial.input(from, count);
      Pair out = trial.output(to, count);

      trial.run((ops, side) -> ops.copy(side.of(x), side.of(out)));

      assertThat(trial.nmse(out)).isLessThan(limit(to));
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
