package dev.longtake.transforms.request;

import dev.longtake.transforms.split.VideoTiming;

/**
 * The rules for pictures and speech that could be decoded.
 *
 * <p>Codes: EMPTY_AUDIO, AUDIO_TOO_SHORT, AUDIO_TOO_LONG, SILENT_AUDIO, PICTURE_TOO_SMALL,
 * PICTURE_TOO_LARGE, EXTREME_PROPORTIONS.
 */
public final class MediaChecks {
  /** Shortest speech: the speech model needs 45 ms for its two frames, and nobody speaks faster. */
  static final double SHORTEST_SPEECH_SECONDS = 0.1;

  /** Longest speech: a day of frames and samples still counts in 32 bits. */
  static final double LONGEST_SPEECH_SECONDS = 24 * 3600;

  /** Peak amplitude below which speech is silent: -60 dB of full scale. */
  static final float SILENCE_PEAK = 1e-3f;

  /** Shortest side of a picture: the sides of a video are multiples of it. */
  static final int SMALLEST_SIDE = 64;

  /** Most pixels of a picture: 300 MB once decoded. */
  static final long MOST_PIXELS = 100_000_000;

  /** The longer side is at most so many times the shorter one. */
  static final int MOST_PROPORTION = 4;

  private MediaChecks() {}

  /**
   * Checks speech.
   *
   * @param name what the manifest calls it
   * @param samples length at 16 kHz
   * @param peak greatest amplitude, 1 for full scale
   * @throws RequestFaultException if no video can be made of it
   */
  public static void checkSpeech(String name, long samples, float peak)
      throws RequestFaultException {
    double seconds = (double) samples / VideoTiming.SAMPLE_RATE_HZ;
    if (samples == 0) {
      throw new RequestFaultException(
          "EMPTY_AUDIO", "The audio '%s' has no sound in it. Record it again.".formatted(name));
    }
    if (seconds < SHORTEST_SPEECH_SECONDS) {
      throw new RequestFaultException(
          "AUDIO_TOO_SHORT",
          "The audio '%s' is %.3f s long; a video needs at least %.1f s. Record more."
              .formatted(name, seconds, SHORTEST_SPEECH_SECONDS));
    }
    if (seconds > LONGEST_SPEECH_SECONDS) {
      throw new RequestFaultException(
          "AUDIO_TOO_LONG",
          "The audio '%s' is %.1f hours long; a video has at most %.0f. Cut it into several."
              .formatted(name, seconds / 3600, LONGEST_SPEECH_SECONDS / 3600));
    }
    if (peak < SILENCE_PEAK) {
      throw new RequestFaultException(
          "SILENT_AUDIO",
          ("The audio '%s' is silent: in %.1f s its peak is %s, below -60 dB of full scale. Is it "
                  + "the right track, and was the microphone on?")
              .formatted(name, seconds, decibels(peak)));
    }
  }

  /**
   * Checks a picture.
   *
   * @param name what the manifest calls it
   * @param width columns, {@code height} rows, of the upright picture
   * @throws RequestFaultException if no video can be made of it
   */
  public static void checkPicture(String name, int width, int height) throws RequestFaultException {
    int shorter = Math.min(width, height);
    int longer = Math.max(width, height);
    if (shorter < SMALLEST_SIDE) {
      throw new RequestFaultException(
          "PICTURE_TOO_SMALL",
          "The picture '%s' has %dx%d pixels; each side needs at least %d. Use a larger one."
              .formatted(name, width, height, SMALLEST_SIDE));
    }
    if ((long) width * height > MOST_PIXELS) {
      throw new RequestFaultException(
          "PICTURE_TOO_LARGE",
          "The picture '%s' has %dx%d pixels; it may have %d million. Scale it down."
              .formatted(name, width, height, MOST_PIXELS / 1_000_000));
    }
    if (longer > (long) MOST_PROPORTION * shorter) {
      throw new RequestFaultException(
          "EXTREME_PROPORTIONS",
          "The picture '%s' has %dx%d pixels; the longer side may be %d times the other. Crop it."
              .formatted(name, width, height, MOST_PROPORTION));
    }
  }

  private static String decibels(float amplitude) {
    return amplitude == 0 ? "nothing at all" : "%.1f dB".formatted(20 * Math.log10(amplitude));
  }
}
