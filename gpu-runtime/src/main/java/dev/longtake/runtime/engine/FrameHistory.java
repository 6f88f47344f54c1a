package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkArgument;

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

  void add(ByteBuffer rgb) {
    rgb.get(rgb.position(), ring, slot(frames), frameBytes);
    frames++;
  }

  /**
   * Reads a frame.
   *
   * @param frame counted from the start of the take; before it, the first frame stands in
   * @param out [H, W, 3] in [-1, 1]
   * @throws IllegalArgumentException if the frame is not among the last {@code capacity}
   */
  void read(long frame, float[] out) {
    long kept = Math.max(0, frame);
    checkArgument(
        kept < frames && kept >= frames - capacity,
        "frame %s is not among the last %s of %s",
        kept,
        capacity,
        frames);
    int start = slot(kept);
    for (int i = 0; i < frameBytes; i++) {
      out[i] = Byte.toUnsignedInt(ring[start + i]) / 255f * 2f - 1f;
    }
  }

  private int slot(long frame) {
    return (int) (frame % capacity) * frameBytes;
  }
}
