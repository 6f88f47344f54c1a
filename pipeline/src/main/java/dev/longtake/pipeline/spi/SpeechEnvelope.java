package dev.longtake.pipeline.spi;

import static com.google.common.base.Preconditions.checkArgument;

/** How loud the speech of one video is over time: what a {@link TakePlanner} cuts by. Immutable. */
public final class SpeechEnvelope {
  /** Video frames in a second. */
  public static final int FRAMES_PER_SECOND = 25;

  /** Windows in a second: each is 10 ms long, and four make a video frame. */
  public static final int WINDOWS_PER_SECOND = 100;

  private final int frames;
  private final float[] energy;

  /**
   * Creates the envelope of a video.
   *
   * @param frames video frames of the video, at least 1
   * @param energy of each window of 10 ms, from the start of the video: the root mean square of its
   *     samples, which lie in [-1, 1]; at least one, finite, not negative; copied. The last window
   *     may be shorter, and the windows need not reach the end of the last frame
   */
  public SpeechEnvelope(int frames, float[] energy) {
    checkArgument(frames >= 1, "frames must be at least 1, but was %s", frames);
    checkArgument(energy.length >= 1, "energy must have at least 1 window, but has none");
    for (int i = 0; i < energy.length; i++) {
      if (!(energy[i] >= 0 && Float.isFinite(energy[i]))) {
        throw new IllegalArgumentException(
            "energy must be finite and not negative, but is %s in window %d"
                .formatted(energy[i], i));
      }
    }
    this.frames = frames;
    this.energy = energy.clone();
  }

  /** Returns the video frames of the video. */
  public int frames() {
    return frames;
  }

  /** Returns how many windows of 10 ms there are. */
  public int windows() {
    return energy.length;
  }

  /** Returns the energy of each window of 10 ms, in a new array. */
  public float[] energy() {
    return energy.clone();
  }

  /**
   * Returns the energy of one window of 10 ms.
   *
   * @param window from 0 to {@link #windows} - 1
   * @throws IndexOutOfBoundsException if there is no such window
   */
  public float energy(int window) {
    return energy[window];
  }
}
