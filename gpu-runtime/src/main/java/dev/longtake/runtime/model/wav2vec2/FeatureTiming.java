package dev.longtake.runtime.model.wav2vec2;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * The encoder's frames, nominally 50 a second, stretched linearly to 30 a second.
 *
 * <p>The first frames coincide and so do the last, as the model was trained. The encoder's frames
 * are not quite 50 a second, so over a file the result runs up to one of its frames ahead.
 *
 * @param encoderFrames frames of the encoder for the whole file, at least 2
 */
public record FeatureTiming(int encoderFrames) {
  /** Samples per second that the encoder and everything before it work with. */
  public static final int SAMPLE_RATE_HZ = 16_000;

  /** Frames per second after stretching. */
  public static final double FEATURE_RATE_FPS = 30;

  /** Fewer encoder frames than this make no feature. */
  static final int FEWEST_FRAMES = 2;

  /** What the official code takes the encoder's rate for, whatever the checkpoint says. */
  private static final double ENCODER_RATE_FPS = 50;

  /** Checks the number of frames. */
  public FeatureTiming {
    checkArgument(
        encoderFrames >= FEWEST_FRAMES,
        "encoderFrames must be at least %s, but was %s",
        FEWEST_FRAMES,
        encoderFrames);
  }

  /** Returns how many features the file has at {@link #FEATURE_RATE_FPS}. */
  public int features() {
    return (int) (encoderFrames / ENCODER_RATE_FPS * FEATURE_RATE_FPS);
  }

  /**
   * Computes one feature from the two encoder frames around it.
   *
   * <p>Positions are fp32, as in the official code. That moves a feature by less than 1e-3 of a
   * frame in the first minute and by less than a tenth, 2 ms, in the third hour.
   *
   * @param states fp32 [encoderFrames, width]
   * @param index which feature, less than {@link #features()}
   * @param out receives {@code width} values from {@code outOffset} on
   */
  public void feature(float[] states, int width, int index, float[] out, int outOffset) {
    checkArgument(
        states.length == (long) encoderFrames * width,
        "states must be [%s, %s], but has %s values",
        encoderFrames,
        width,
        states.length);
    checkArgument(
        index >= 0 && index < features(), "feature %s is not one of %s", index, features());
    float step = features() == 1 ? 0 : (encoderFrames - 1) / (float) (features() - 1);
    float position = step * index;
    int before = Math.min((int) position, encoderFrames - 1);
    int after = Math.min(before + 1, encoderFrames - 1);
    float weight = position - before;
    for (int c = 0; c < width; c++) {
      out[outOffset + c] =
          (1 - weight) * states[before * width + c] + weight * states[after * width + c];
    }
  }
}
