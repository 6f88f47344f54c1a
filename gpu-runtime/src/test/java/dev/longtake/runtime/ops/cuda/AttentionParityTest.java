package dev.longtake.runtime.ops.cuda;

import static dev.longtake.runtime.tensor.DType.BF16;
import static dev.longtake.runtime.tensor.DType.FP16;
import static dev.longtake.runtime.tensor.DType.FP32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.ops.cuda.ParityTrial.Pair;
import dev.longtake.runtime.ops.cuda.ParityTrial.Side;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("gpu")
class AttentionParityTest {
  // Probabilities and results are rounded to bf16: each costs a relative error of 1.7e-3 at most in
  // the mean, so 2·2.8e-6.
  private static final double MAX_NMSE_BF16 = 1e-5;
  private static final double MAX_NMSE_FP16 = 1.6e-7; // an eighth of the error

  // Sums of up to a thousand terms in another order, and a faster exponential.
  private static final double MAX_NMSE_FP32 = 1e-10;

  record Case(
      DType dtype, int queries, int heads, int headWidth, boolean biased, List<Integer> segments) {
    @Override
    public String toString() {
      return "%s %dx%dx%d biased=%s keys=%s"
          .formatted(dtype, queries, heads, headWidth, biased, segments);
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(BF16, 1, 1, 128, false, List.of(1)),
        new Case(BF16, 130, 2, 128, false, List.of(64)),
        new Case(BF16, 131, 3, 128, false, List.of(65, 7, 1, 130)),
        new Case(BF16, 200, 2, 64, false, List.of(5, 328)),
        new Case(FP16, 201, 1, 384, false, List.of(99, 30)),
        new Case(BF16, 65, 2, 32, false, List.of(40)),
        new Case(BF16, 33, 2, 16, true, List.of(40)),
        new Case(BF16, 77, 4, 64, true, List.of(77)),
        new Case(FP16, 65, 2, 32, false, List.of(40)),
        new Case(FP32, 1, 1, 64, false, List.of(1)),
        new Case(FP32, 130, 3, 64, false, List.of(64)),
        new Case(FP32, 131, 2, 64, false, List.of(193)),
        new Case(FP32, 70, 2, 64, false, List.of(60, 9)), // by the slow one
        new Case(FP32, 999, 16, 64, false, List.of(999)), // speech
        new Case(FP32, 33, 3, 24, false, List.of(50, 3)),
        new Case(FP32, 20, 2, 8, true, List.of(31)),
        new Case(BF16, 1125, 2, 128, false, List.of(5)), // audio
        new Case(
            BF16, 1125, 2, 128, false, List.of(1125, 2778)), // frame block, by the library if there
        new Case(FP16, 4500, 1, 384, false, List.of(4500))); // VAE
  }

  @ParameterizedTest
  @MethodSource("cases")
  void matchesReference(Case c) {
    try (ParityTrial trial = ParityTrial.open(1)) {
      int total = c.segments.stream().mapToInt(Integer::intValue).sum();
      Pair q = trial.input(c.dtype, c.queries, c.heads, c.headWidth);
      List<Pair> k = segments(trial, c);
      List<Pair> v = segments(trial, c);
      Pair bias = c.biased ? trial.input(c.dtype, c.heads, c.queries, total) : null;
      Pair out = trial.output(c.dtype, c.queries, c.heads, c.headWidth);
      float scale = (float) (2 / Math.sqrt(c.headWidth));

      trial.run(
          (ops, side) ->
              ops.attention(
                  side.of(q),
                  all(side, k),
                  all(side, v),
                  scale,
                  side.ofNullable(bias),
                  side.of(out)));

      assertThat(trial.nmse(out)).isLessThan(limit(c.dtype));
    }
  }

  @Test
  void mayOverwriteTheQueries() {
    for (int keys : new int[] {70, 1100}) {
      try (ParityTrial trial = ParityTrial.open(2)) {
        Pair q = trial.input(BF16, 1000, 2, 128);
        Pair k = trial.input(BF16, keys, 2, 128);
        Pair v = trial.input(BF16, keys, 2, 128);

        trial.run(
            (ops, side) ->
                ops.attention(
                    side.of(q), List.of(side.of(k)), List.of(side.of(v)), 0.1f, null, side.of(q)));

        assertThat(trial.nmse(q)).isLessThan(MAX_NMSE_BF16);
      }
    }
    for (DType dtype : new DType[] {FP32, FP16}) {
      try (ParityTrial trial = ParityTrial.open(2)) {
        int width = dtype == FP32 ? 64 : 384;
        Pair q = trial.input(dtype, 200, 1, width);
        Pair k = trial.input(dtype, 150, 1, width);
        Pair v = trial.input(dtype, 150, 1, width);

        trial.run(
            (ops, side) ->
                ops.attention(
                    side.of(q), List.of(side.of(k)), List.of(side.of(v)), 0.1f, null, side.of(q)));

        assertThat(trial.nmse(q)).isLessThan(limit(dtype));
      }
    }
  }

  private static double limit(DType out) {
    return switch (out) {
      case BF16 -> MAX_NMSE_BF16;
      case FP16 -> MAX_NMSE_FP16;
      default -> MAX_NMSE_FP32;
    };
  }

  private static List<Pair> segments(ParityTrial trial, Case c) {
    return c.segments.stream()
        .map(count -> trial.input(c.dtype, count, c.heads, c.headWidth))
        .toList();
  }

  private static List<Tensor> all(Side side, List<Pair> pairs) {
    return pairs.stream().map(side::of).toList();
  }
}
