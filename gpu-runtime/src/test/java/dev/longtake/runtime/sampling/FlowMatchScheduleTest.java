package dev.longtake.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Compared with the levels that the official scheduler prints. */
class FlowMatchScheduleTest {
  /** The published lists have six digits. */
  private static final float SIX_DIGITS = 5.1e-7f;

  /** Two roundings of a timestep in fp32. */
  private static final float TIMESTEP_ROUNDING = 1000 * 0x1p-23f;

  /** The official scheduler computes in fp32 and ours in fp64: one unit in the last place. */
  private static final float LEVEL_ROUNDING = 0x1p-24f;

  @Test
  void fourStepsAreTheOfficialOnes() {
    FlowMatchSchedule schedule = FlowMatchSchedule.of(4);
    assertThat(schedule.steps()).isEqualTo(4);
    assertThat(schedule.sigmas())
        .containsExactly(
            new float[] {1, 0.857692301f, 0.602150559f, 0.00892857183f, 0}, within(LEVEL_ROUNDING));
    assertThat(schedule.timesteps())
        .containsExactly(
            new float[] {1000, 857.692322f, 602.150574f, 8.9285717f}, within(TIMESTEP_ROUNDING));
    float[] stepSizes = {-0.142307699f, -0.255541742f, -0.593221962f, -0.00892857183f};
    for (int step = 0; step < 4; step++) {
      assertThat(schedule.stepSize(step)).isCloseTo(stepSizes[step], within(2 * LEVEL_ROUNDING));
    }
  }

  @Test
  void threeStepsAreTheOfficialOnes() {
    assertThat(FlowMatchSchedule.of(3).sigmas())
        .containsExactly(new float[] {1, 0.751121f, 0.008929f, 0}, within(SIX_DIGITS));
  }

  @Test
  void eightStepsAreTheOfficialOnes() {
    assertThat(FlowMatchSchedule.of(8).sigmas())
        .containsExactly(
            new float[] {
              1, .947543f, .882788f, .800837f, .693793f, .548046f, .337972f, .008929f, 0
            },
            within(SIX_DIGITS));
  }

  @Test
  void oneStepGoesFromNoiseToPicture() {
    FlowMatchSchedule schedule = FlowMatchSchedule.of(1);
    assertThat(schedule.sigmas()).containsExactly(1, 0);
    assertThat(schedule.stepSize(0)).isEqualTo(-1);
  }

  @Test
  void stepsAddUpToMinusOne() {
    for (int steps = 1; steps <= 50; steps++) {
      FlowMatchSchedule schedule = FlowMatchSchedule.of(steps);
      double sum = 0;
      for (int step = 0; step < steps; step++) {
        assertThat(schedule.stepSize(step)).as("step %s of %s", step, steps).isNegative();
        sum += schedule.stepSize(step);
      }
      assertThat(sum).isCloseTo(-1, within(steps * 0x1p-24)); // a rounding each
    }
  }

  @Test
  void isNotChangedThroughItsArrays() {
    FlowMatchSchedule schedule = FlowMatchSchedule.of(2);
    schedule.sigmas()[0] = 7;
    assertThat(schedule.sigmas()[0]).isEqualTo(1);
  }

  @Test
  void rejectsNoSteps() {
    assertThatThrownBy(() -> FlowMatchSchedule.of(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("steps must be at least 1, but was 0");
  }
}
