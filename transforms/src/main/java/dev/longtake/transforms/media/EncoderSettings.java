package dev.longtake.transforms.media;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * How frames are compressed. Fragments of one video must share these.
 *
 * <p>There is no number of threads: several would share a frame by the time that each took for the
 * last one, and the same frames would no longer give the same bytes.
 *
 * @param quantizer H.264's quantizer of every frame, 12 to 40: 6 more halve the file, 18 looks
 *     untouched
 * @param keyFrameInterval most frames from one key frame to the next, at least 1
 */
public record EncoderSettings(int quantizer, int keyFrameInterval) {
  /** Name of the encoder, for the records of how a fragment was made. */
  public static final String ENCODER = "libopenh264";

  /** Frames of video a second. */
  public static final int FRAMES_PER_SECOND = 25;

  /** What is used unless asked otherwise. */
  public static final EncoderSettings DEFAULT = new EncoderSettings(18, 50);

  private static final int MIN_QUANTIZER = 12; // OpenH264 raises anything lower
  private static final int MAX_QUANTIZER = 40;

  /** Checks the values. */
  public EncoderSettings {
    checkArgument(
        quantizer >= MIN_QUANTIZER && quantizer <= MAX_QUANTIZER,
        "quantizer must be %s to %s, but was %s",
        MIN_QUANTIZER,
        MAX_QUANTIZER,
        quantizer);
    checkArgument(
        keyFrameInterval >= 1, "keyFrameInterval must be at least 1, but was %s", keyFrameInterval);
  }
}
