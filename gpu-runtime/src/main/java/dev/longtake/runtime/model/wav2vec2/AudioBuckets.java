package dev.longtake.runtime.model.wav2vec2;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;

/**
 * Deals audio features out to video frames, clip by clip.
 *
 * <p>A frame gets the feature nearest in time, at 25 frames per second number ⌊(12·k + 5)/10⌋.
 * There is always one clip more than the features fill, and frames beyond the last feature get
 * zeros: not what silence sounds like to the encoder, but what the model was trained with.
 *
 * @param features how many features there are, at {@link FeatureTiming#FEATURE_RATE_FPS}
 * @param clipFrames video frames of a clip
 * @param frameRateFps video frames per second
 */
public record AudioBuckets(int features, int clipFrames, double frameRateFps) {
  /** Checks that all are positive. */
  public AudioBuckets {
    checkArgument(features > 0, "features must be positive, but was %s", features);
    checkArgument(clipFrames > 0, "clipFrames must be positive, but was %s", clipFrames);
    checkArgument(frameRateFps > 0, "frameRateFps must be positive, but was %s", frameRateFps);
  }

  /** Returns how many clips the features give, the last of them partly or wholly silent. */
  public int clips() {
    // In this order, as the official code: at 57.6 features a clip, exact multiples depend on it.
    double featuresPerFrame = FeatureTiming.FEATURE_RATE_FPS / frameRateFps;
    return (int) (features / (clipFrames * featuresPerFrame)) + 1;
  }

  /** Returns how many video frames all clips have. */
  public int frames() {
    return Math.multiplyExact(clips(), clipFrames);
  }

  /** Returns which feature belongs to a video frame; it may lie beyond the last. */
  public int featureOf(int frame) {
    return (int) Math.rint(frame * FeatureTiming.FEATURE_RATE_FPS / frameRateFps);
  }

  /**
   * Computes the features of a run of video frames.
   *
   * @param timing of the file; it has {@link #features()} features
   * @param states fp32 [encoder frames, width] of the whole file
   * @param firstFrame first video frame, which may lie beyond the last clip
   * @param out fp32 [{@code frames}, width], filled from its start
   */
  public void select(
      FeatureTiming timing, float[] states, int width, int firstFrame, int frames, float[] out) {
    checkArgument(
        timing.features() == features,
        "the timing has %s features, the buckets %s",
        timing.features(),
        features);
    for (int i = 0; i < frames; i++) {
      int index = featureOf(firstFrame + i);
      if (index < features) {
        timing.feature(states, width, index, out, i * width);
      } else {
        Arrays.fill(out, i * width, (i + 1) * width, 0);
      }
    }
  }
}
