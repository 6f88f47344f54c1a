package dev.longtake.transforms.split;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.pipeline.spi.FrameRange;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the cuts between takes belong: near every multiple of the wanted length, counted from the
 * start of the video. A cut is never placed relative to the one before it, so a cut that moves
 * leaves all others where they are.
 *
 * @param takeFrames wanted length of a take
 * @param reachFrames how far from its multiple a cut may be
 * @param fewestFrames length below which the rest of a video is no take of its own
 */
record TakeGrid(int takeFrames, int reachFrames, int fewestFrames) implements Serializable {
  private static final double SHORTEST_SECONDS = 1;
  private static final double LONGEST_SECONDS = 24 * 3600;

  /** The farthest that a cut may be moved, and the length that is enough for a last take. */
  private static final int TEN_SECONDS = 10 * VideoTiming.FRAME_RATE_HZ;

  /** A cut may be moved by this part of a take, so takes differ in length by at most a third. */
  private static final int REACH_PART = 6;

  /** Returns a grid whose cuts may be moved, by 10 s or a sixth of a take if that is less. */
  static TakeGrid movable(double takeSeconds) {
    int takeFrames = framesOf(takeSeconds);
    return new TakeGrid(
        takeFrames, Math.min(TEN_SECONDS, takeFrames / REACH_PART), fewestFrames(takeFrames));
  }

  /** Returns a grid whose cuts are where they belong. */
  static TakeGrid fixed(double takeSeconds) {
    int takeFrames = framesOf(takeSeconds);
    return new TakeGrid(takeFrames, 0, fewestFrames(takeFrames));
  }

  /**
   * Returns how many cuts a video has. That depends on its length alone, and is such that the last
   * take has {@link #fewestFrames} however far the last cut is moved.
   */
  int cuts(int frames) {
    return Math.max(0, (frames - reachFrames - fewestFrames) / takeFrames);
  }

  /** Returns the frame that a cut belongs before; {@code cut} counts from 1. */
  int frameOf(int cut) {
    return cut * takeFrames;
  }

  /** Returns the takes between the cuts, which are in order. */
  static List<FrameRange> takesBetween(int[] cuts, int frames) {
    List<FrameRange> takes = new ArrayList<>(cuts.length + 1);
    int first = 0;
    for (int cut : cuts) {
      takes.add(new FrameRange(first, cut - first));
      first = cut;
    }
    takes.add(new FrameRange(first, frames - first));
    return List.copyOf(takes);
  }

  private static int fewestFrames(int takeFrames) {
    return Math.min(TEN_SECONDS, takeFrames * 2 / 3);
  }

  private static int framesOf(double takeSeconds) {
    checkArgument(
        takeSeconds >= SHORTEST_SECONDS && takeSeconds <= LONGEST_SECONDS,
        "takeSeconds must be from %s to %s, but was %s",
        SHORTEST_SECONDS,
        LONGEST_SECONDS,
        takeSeconds);
    return (int) Math.round(takeSeconds * VideoTiming.FRAME_RATE_HZ);
  }
}
