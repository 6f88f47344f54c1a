package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;

/** Where the encoder gets a video from, piece by piece, so that it need never be there at once. */
@FunctionalInterface
public interface FrameSource {
  /**
   * Writes the next frames of the video, which are asked for in order and once only.
   *
   * @param firstFrame index of the first of them in the video
   * @param out [T, H, W, 3] in [-1, 1], on the encoder's device; belongs to the encoder
   */
  void read(int firstFrame, Tensor out);

  /**
   * Returns a video in which nothing moves.
   *
   * @param picture [1, H, W, 3] in [-1, 1], on the device of {@code ops}; it must live until the
   *     video has been read
   */
  static FrameSource still(Ops ops, Tensor picture) {
    return (firstFrame, out) -> {
      for (int frame = 0; frame < out.shape().extent(0); frame++) {
        ops.copy(picture, out.slice(frame, 1));
      }
    };
  }

  /**
   * Returns a video that is on the device already.
   *
   * @param video [T, H, W, 3] in [-1, 1], on the device of {@code ops}; it must live until it has
   *     been read
   */
  static FrameSource of(Ops ops, Tensor video) {
    return (firstFrame, out) -> ops.copy(video.slice(firstFrame, out.shape().extent(0)), out);
  }
}
