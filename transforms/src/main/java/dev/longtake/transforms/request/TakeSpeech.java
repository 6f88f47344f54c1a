package dev.longtake.transforms.request;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.transforms.split.VideoTiming;

/**
 * The part of a speech track that a take hears.
 *
 * <p>The frames that are dropped at a take's start hear something too, and the model was trained
 * with its audio some frames ahead; so with the usual lead of 3 a take hears 3 frames before its
 * first one, and with a lead of 0 it hears 3 frames beyond its last one. What lies outside of the
 * file is silence.
 *
 * <p>A take's hash covers these samples and no others. It says the truth only if a take is rendered
 * from these samples alone.
 *
 * @param first sample at {@link VideoTiming#SAMPLE_RATE_HZ}
 * @param count how many
 */
public record TakeSpeech(long first, long count) {
  /** Checks that the part is one. */
  public TakeSpeech {
    checkArgument(first >= 0 && count >= 0, "no such part: %s samples from %s", count, first);
  }

  /**
   * Returns what a take hears.
   *
   * @param take its kept frames
   * @param audioLeadFrames frames of silence that the checkpoint wants in front of the speech
   * @param samples length of the whole speech
   */
  public static TakeSpeech of(FrameRange take, int audioLeadFrames, long samples) {
    checkArgument(
        audioLeadFrames >= 0, "audioLeadFrames must not be negative, but was %s", audioLeadFrames);
    long firstFrame = (long) take.first() - audioLeadFrames;
    long endFrame = firstFrame + VideoTiming.DROPPED_FRAMES + take.count();
    long first = Math.min(samples, Math.max(0, firstFrame) * VideoTiming.SAMPLES_PER_FRAME);
    long end = Math.min(samples, Math.max(0, endFrame) * VideoTiming.SAMPLES_PER_FRAME);
    return new TakeSpeech(first, end - first);
  }

  /** Returns the sample after the last one. */
  public long end() {
    return first + count;
  }
}
