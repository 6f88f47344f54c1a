package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/**
 * One step of the encoder or the decoder for one video, which is fed in pieces: what a layer needs
 * of earlier pieces it keeps.
 */
interface VaeLayer {
  /**
   * Returns the shape that {@link #run} is going to make of an input [T, H, W, C].
   *
   * @throws IllegalArgumentException if the layer cannot take so many frames now
   */
  Shape outputShape(Shape input);

  /**
   * Continues the video. Does not wait.
   *
   * @param x the next frames [T, H, W, C]
   * @param out of the shape {@link #outputShape} gives; must not overlap {@code x}
   */
  void run(Tensor x, Tensor out);

  /** Forgets all frames: the next one is the first of a video. */
  void reset();
}
