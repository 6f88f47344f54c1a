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
   * Returns what the next take goes on from.
   *
   * @throws IllegalStateException if nothing has been rendered
   */
  TakeState state();

  /** Gives the lane back. */
  @Override
  void close();
}
