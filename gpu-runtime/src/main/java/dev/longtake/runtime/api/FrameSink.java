package dev.longtake.runtime.api;

import java.nio.ByteBuffer;

/** Takes video frames as they are decoded. */
@FunctionalInterface
public interface FrameSink {
  /**
   * Takes the next frame.
   *
   * @param frame index in its take, from 0
   * @param rgb unsigned bytes [H, W, 3], position 0 to limit; overwritten after the call
   */
  void accept(int frame, ByteBuffer rgb);
}
