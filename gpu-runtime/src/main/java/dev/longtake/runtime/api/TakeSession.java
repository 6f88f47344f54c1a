package dev.longtake.runtime.api;

/**
 * A take in progress. Its clips are rendered in order; it occupies a lane of its engine until it is
 * closed. Used by one thread at a time.
 */
public interface TakeSession extends AutoCloseable {
  /**
   * Renders the next clip and waits for it. The first clip of a take has {@code 3} frames less than
   * the others: the model's first ones are dropped.
   *
   * @param sink gets every frame, in order, while later ones are still being made
   */
  void renderClip(FrameSink sink);

  /** Returns how many frames have been rendered. */
  int frames();

  /**
   * Returns what the next take goes on from, if this one is cut off within its last clip.
   *
   * @param keptFrames frames of the take that are kept, so that the next one goes on from frames
   *     that are seen; where there are fewer than 73, the first stands in for those before it
   * @throws IllegalArgumentException if that is not within what the last clip rendered
   */
  TakeState state(int keptFrames);

  /** Gives the lane back. */
  @Override
  void close();
}
