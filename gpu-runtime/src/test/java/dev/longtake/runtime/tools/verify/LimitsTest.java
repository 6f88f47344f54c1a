package dev.longtake.runtime.tools.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.tensor.Fp8E4m3;
import java.nio.file.Path;
import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class LimitsTest {
  private static final GoldenBundle SMALL =
      GoldenBundle.open(Path.of("src/test/resources/golden/small"));

  @Test
  void fp32IsFixed() {
    Limits limits = Limits.of(SMALL, Precision.FP32, Precision.FP32);

    assertThat(limits.module()).isEqualTo(1e-5);
    assertThat(limits.forward()).isEqualTo(1e-4);
    assertThat(limits.rollout()).isEqualTo(1e-4);
  }

  // The official rollout's errors: 4.0e-3 in bf16 as bundle.json states, about 1.5e-2 in FP8.
  @Test
  void othersAreOneAndAHalfTimesTheOfficialError() {
    Limits bf16 = Limits.of(SMALL, Precision.BF16, Precision.BF16);
    Limits fp8 = Limits.of(SMALL, Precision.FP8, Precision.BF16);

    assertThat(bf16.rollout()).isCloseTo(6.0e-3, Percentage.withPercentage(3));
    assertThat(bf16.module()).isEqualTo(bf16.rollout());
    assertThat(bf16.forward()).isEqualTo(bf16.rollout());
    assertThat(fp8.module()).isEqualTo(bf16.module());
    assertThat(fp8.rollout()).isBetween(1.5e-2, 3e-2);
  }

  // Not by the formula, but by rounding: a product of normally distributed numbers in e4m3.
  @Test
  void fp8ForwardsAreOneAndAHalfTimesTheErrorOfOneProduct() {
    Random random = new Random(5);
    double errors = 0;
    double squares = 0;
    for (int sum = 0; sum < 2000; sum++) {
      double exact = 0;
      double rounded = 0;
      for (int i = 0; i < 256; i++) {
        float a = (float) random.nextGaussian() * 100;
        float b = (float) random.nextGaussian() * 100;
        exact += (double) a * b;
        rounded += (double) round(a) * round(b);
      }
      errors += (rounded - exact) * (rounded - exact);
      squares += exact * exact;
    }

    assertThat(Limits.of(SMALL, Precision.FP8, Precision.BF16).forward())
        .isCloseTo(1.5 * Math.sqrt(errors / squares), Percentage.withPercentage(5));
  }

  private static float round(float value) {
    return Fp8E4m3.fromBits(Fp8E4m3.toBits(value));
  }
}
