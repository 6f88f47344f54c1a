package dev.longtake.runtime.engine;

import java.nio.ByteBuffer;

/** The last frames of a take, from which its motion latents are made. */
final class FrameHistory {
  private final int capacity;
  private final int frameBytes;
  private final byte[] ring;
  private long frames;

  FrameHistory(int capacity, int frameBytes) {
    this.capacity = capacity;
    this.frameBytes = frameBytes;
    this.ring = new byte[Math.multiplyExact(capacity, frameBytes)];
  }

  void clear() {
    frames = 0;
  }

  boolean isEmpty() {
    return frames == 0;
  }

  void add(ByteBuffer rgb) {
    rgb.get(rgb.position(), ring, slot(frames), frameBytes);
    frames++;
  }

  /**
   * Reads a frame.
   *
   * @param index 0 for the oldest of the last {@code capacity} frames; where there have not been
   *     that many, the first stands in for those before it
   * @param out [H, W, 3] in [-1, 1]
   */
  void read(int index, float[] out) {
    long frame = Math.max(0, frames - capacity + index);
    int start = slot(frame);
    for (int i = 0; i < frameBytes; i++) {
      out[i] = Byte.toUnsignedInt(ring[start + i]) / 255f * 2f - 1f;
    }
  }

  private int slot(long frame) {
    return (int) (frame % capacity) * frameBytes;
  }
}
