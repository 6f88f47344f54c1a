package dev.longtake.transforms.media;

/**
 * What a finished video holds.
 *
 * @param frames frames of the picture, at 25 a second
 * @param audioSamples samples of each channel of the sound
 * @param audioRateHz samples a second of each channel
 */
public record StitchedVideo(long frames, long audioSamples, int audioRateHz) {
  /** Returns the length of the picture. */
  public double videoSeconds() {
    return (double) frames / EncoderSettings.FRAMES_PER_SECOND;
  }

  /** Returns the length of the sound. */
  public double audioSeconds() {
    return (double) audioSamples / audioRateHz;
  }
}
