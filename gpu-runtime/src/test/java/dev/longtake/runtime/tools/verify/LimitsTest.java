package dev.longtake.runtime.tools.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.Precision;
import java.nio.file.Path;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class LimitsTest {
  private static final GoldenBundle SMALL =
      GoldenBundle.open(Path.of("src/test/resources/golden/small"));

  @Test
  void fp32IsFixed() {
    Limits limits = Limits.of(SMALL, Precision.FP32);

    assertThat(limits.module()).isEqualTo(1e-5);
    assertThat(limits.rollout()).isEqualTo(1e-4);
  }

  // The official rollout's errors: 4.0e-3 in bf16 as bundle.json states, about 1.5e-2 in FP8.
  @Test
  void othersAreOneAndAHalfTimesTheOfficialError() {
    Limits bf16 = Limits.of(SMALL, Precision.BF16);
    Limits fp8 = Limits.of(SMALL, Precision.FP8);

    assertThat(bf16.rollout()).isCloseTo(6.0e-3, Percentage.withPercentage(3));
    assertThat(bf16.module()).isEqualTo(bf16.rollout());
    assertThat(fp8.module()).isEqualTo(bf16.module());
    assertThat(fp8.rollout()).isBetween(1.5e-2, 3e-2);
  }
}
