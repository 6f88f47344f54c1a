package dev.longtake.transforms.split;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.pipeline.spi.SpeechEnvelope;

/** How video frames and speech samples lie beside each other. */
public final class VideoTiming {
  /** Video frames to a second. */
  public static final int FRAME_RATE_HZ = SpeechEnvelope.FRAMES_PER_SECOND;

  /** Samples to a second of the speech that the model hears. */
  public static final int SAMPLE_RATE_HZ = 16_000;

  /** Samples that pass during one video frame. */
  public static final int SAMPLES_PER_FRAME = SAMPLE_RATE_HZ / FRAME_RATE_HZ;

  /**
   * Frames that the model makes at the start of a take and that are not kept. Kept frame {@code k}
   * of a take is therefore made from the audio of frame {@code k + 3}, counted with the lead.
   */
  public static final int DROPPED_FRAMES = 3;

  /** A resampler may add samples: a rest of at most 1 ms gets no frame of its own. */
  private static final int IGNORED_SAMPLES = SAMPLE_RATE_HZ / 1000;

  private VideoTiming() {}

  /**
   * Returns how many frames a video with this speech has.
   *
   * <p>Rounded up, so that the last sound has a picture. Rounding up also leaves the most room for
   * the promise that the tracks differ by less than a frame: an AAC track may be longer than its
   * sound by up to 1023 samples, half a frame at 48 kHz, and never is shorter.
   *
   * @param samples length of the speech at {@link #SAMPLE_RATE_HZ}, at least 1
   * @return at least 1
   */
  public static int framesOf(long samples) {
    checkArgument(samples > 0, "samples must be positive, but was %s", samples);
    long frames = (samples - IGNORED_SAMPLES + SAMPLES_PER_FRAME - 1) / SAMPLES_PER_FRAME;
    return Math.toIntExact(Math.max(1, frames));
  }
}
