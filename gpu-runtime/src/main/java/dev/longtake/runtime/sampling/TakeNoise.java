package dev.longtake.runtime.sampling;

/** Where a take's random numbers come from: a generator, or a golden bundle. */
public interface TakeNoise {
  /**
   * Writes the noise that a frame block starts from.
   *
   * @param clip index of the clip in its take, {@code block} of the frame block in its clip
   * @param out [3, h, w, C] standard normal values
   */
  void noise(int clip, int block, float[] out);

  /** Returns the latent frames between a block's first one and the reference, in [4, 30]. */
  int relativeDistance(int clip, int block, int step);
}
