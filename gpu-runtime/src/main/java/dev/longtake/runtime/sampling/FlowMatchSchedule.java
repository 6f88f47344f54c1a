package dev.longtake.runtime.sampling;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * The noise levels of flow matching with Euler steps, shifted towards noise (Esser et al. 2024).
 *
 * <p>n levels are spaced evenly between 1 and the lowest trained one, and shifted by σ' =
 * sσ/(1+(s−1)σ); a level of 0 ends them. The lowest trained level is itself a shifted 1/1000, so
 * that the low end is shifted twice: the released weights are run with that.
 */
public final class FlowMatchSchedule {
  private static final double SHIFT = 3;
  private static final int TRAINED_TIMESTEPS = 1000;

  private final float[] sigmas;

  private FlowMatchSchedule(float[] sigmas) {
    this.sigmas = sigmas;
  }

  /** Returns the schedule of {@code steps} denoising steps. */
  public static FlowMatchSchedule of(int steps) {
    checkArgument(steps >= 1, "steps must be at least 1, but was %s", steps);
    double lowest = shift(1.0 / TRAINED_TIMESTEPS);
    float[] sigmas = new float[steps + 1];
    for (int i = 0; i < steps; i++) {
      double share = steps == 1 ? 0 : i / (double) (steps - 1);
      sigmas[i] = (float) shift(1 + share * (lowest - 1));
    }
    return new FlowMatchSchedule(sigmas);
  }

  /** Returns the noise levels, one more than there are steps; the last is 0. */
  public float[] sigmas() {
    return sigmas.clone();
  }

  /** Returns the number of denoising steps. */
  public int steps() {
    return sigmas.length - 1;
  }

  /** Returns the timesteps, 1000·σ, one for each step. */
  public float[] timesteps() {
    float[] timesteps = new float[steps()];
    for (int i = 0; i < timesteps.length; i++) {
      timesteps[i] = sigmas[i] * TRAINED_TIMESTEPS;
    }
    return timesteps;
  }

  /** Returns dt of a step: x becomes x + dt·velocity. Negative. */
  public float stepSize(int stepIndex) {
    return sigmas[stepIndex + 1] - sigmas[stepIndex];
  }

  private static double shift(double sigma) {
    return SHIFT * sigma / (1 + (SHIFT - 1) * sigma);
  }
}
