package dev.longtake.runtime.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;

/**
 * The errors that a precision may have against the fp32 results, as ‖a−b‖/‖b‖.
 *
 * @param module of single modules; none of them is in FP8
 * @param forward of what a rollout goes through: keys, values, hidden states, velocities
 * @param rollout of what comes out of it: latents and video
 */
record Limits(Precision precision, double module, double forward, double rollout) {
  private static final double FP32_MODULE = 1e-5;
  private static final double FP32_ROLLOUT = 1e-4;

  /** How much further than the official code's own error in the same precision one may be. */
  private static final double MARGIN = 1.5;

  /**
   * The error of numbers that are rounded to e4m3: 2⁻³ between neighbours, evenly spread, so
   * 2⁻³/√12 beside the power of two below a value, √½ of that beside the value itself. 2.6 %.
   */
  private static final double FP8_ERROR = Math.scalb(1.0, -3) / Math.sqrt(12) * Math.sqrt(0.5);

  private static final String FP32_FILE = "dit_rollout_fp32.safetensors";
  private static final String OTHERS_FILE = "dit_rollout_bf16_fp8.safetensors";

  /**
   * Returns a bundle's limits: in fp32 fixed ones, else one and a half times the error that the
   * official code's own rollout has in this precision.
   *
   * <p>With FP8 that error is known of the latents alone, which are mostly what they were before: a
   * velocity's error counts by its step. What leads to them has one and a half times the error that
   * no code can do without: that of a matrix product whose two inputs are rounded, √2 times that of
   * one; and that of results which are rounded again to be cached.
   */
  static Limits of(GoldenBundle bundle, Precision precision, Precision kvPrecision) {
    if (precision == Precision.FP32) {
      return new Limits(precision, FP32_MODULE, FP32_ROLLOUT, FP32_ROLLOUT);
    }
    double bf16 = MARGIN * statedError(bundle);
    int roundings = (precision == Precision.FP8 ? 2 : 0) + (kvPrecision == Precision.FP8 ? 1 : 0);
    if (roundings == 0) {
      return new Limits(precision, bf16, bf16, bf16);
    }
    return new Limits(
        precision, bf16, MARGIN * Math.sqrt(roundings) * FP8_ERROR, MARGIN * fp8Error(bundle));
  }

  private static double statedError(GoldenBundle bundle) {
    double largest = 0;
    for (JsonNode error : bundle.description().path("relative_error")) {
      largest = Math.max(largest, error.asDouble());
    }
    if (largest == 0) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          "%s states no relative_error in its bundle.json, so there is nothing to hold bf16 to. Use"
                  .formatted(bundle.directory())
              + " precision fp32, or a complete bundle.");
    }
    return largest;
  }

  private static double fp8Error(GoldenBundle bundle) {
    double largest = 0;
    for (String name : bundle.names(OTHERS_FILE)) {
      if (name.startsWith("latents_fp8_")) {
        float[] fp32 = bundle.values(FP32_FILE, name.replace("_fp8_", "_")).values();
        float[] fp8 = bundle.values(OTHERS_FILE, name).values();
        largest = Math.max(largest, CaseLog.relativeError(fp8, fp32));
      }
    }
    return largest;
  }
}
