package dev.longtake.transforms.media;

import java.io.IOException;

/** Takes sound as it is decoded. */
@FunctionalInterface
public interface SampleConsumer {
  /**
   * Takes the next samples.
   *
   * @param samples mono samples, nominally in [-1, 1]; overwritten after the call
   * @param count how many of them to take, from the first
   * @throws IOException if they cannot be passed on, which ends the decoding
   */
  void accept(float[] samples, int count) throws IOException;
}
