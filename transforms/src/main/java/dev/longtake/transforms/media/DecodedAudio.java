package dev.longtake.transforms.media;

/**
 * What came out of a decoded sound track.
 *
 * @param samples number of samples at {@link AudioReader#SAMPLE_RATE_HZ}, at least 1
 * @param packetsDamaged packets of the file that could not be decoded and are missing; 0 for a
 *     sound file
 */
public record DecodedAudio(long samples, long packetsDamaged) {
  /** Returns the length. */
  public double seconds() {
    return (double) samples / AudioReader.SAMPLE_RATE_HZ;
  }
}
