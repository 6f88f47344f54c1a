package dev.longtake.pipeline.spi;

import static com.google.common.base.Preconditions.checkArgument;

import java.io.Serializable;
import java.util.List;

/**
 * Video frames in a row, counted from the start of the video.
 *
 * @param first first frame, from 0
 * @param count frames, at least 1
 */
public record FrameRange(int first, int count) implements Serializable {
  /** Checks both values, and that the range ends within an {@code int}. */
  public FrameRange {
    checkArgument(first >= 0, "first must not be negative, but was %s", first);
    checkArgument(count >= 1, "count must be at least 1, but was %s", count);
    Math.addExact(first, count);
  }

  /** Returns the frame after the last one. */
  public int end() {
    return first + count;
  }

  /**
   * Checks that {@code ranges}, in their order, make up a video without a gap or an overlap.
   *
   * @param frames video frames of the video
   * @throws IllegalArgumentException if they do not; the message names the first range at fault
   */
  public static void requirePartition(List<FrameRange> ranges, int frames) {
    int end = 0;
    for (int i = 0; i < ranges.size(); i++) {
      checkArgument(
          ranges.get(i).first() == end,
          "Range %s must begin with frame %s, but was %s",
          i,
          end,
          ranges.get(i));
      end = ranges.get(i).end();
    }
    checkArgument(end == frames, "Ranges must cover %s frames, but cover %s", frames, end);
  }
}
