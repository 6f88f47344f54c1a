package dev.longtake.runtime.model.dit;

import java.util.ArrayList;
import java.util.List;

/**
 * Tokens of one latent frame among those of a device.
 *
 * @param tokens counted from the device's first
 */
record FrameRun(int frame, Span tokens) {
  /**
   * Returns the runs that a device's tokens consist of.
   *
   * @param own which of the frames' tokens are the device's
   */
  static List<FrameRun> of(Span own, int frames, int frameTokens) {
    List<FrameRun> runs = new ArrayList<>();
    for (int frame = 0; frame < frames; frame++) {
      Span common = own.intersect(new Span(frame * frameTokens, frameTokens));
      if (common.count() > 0) {
        runs.add(new FrameRun(frame, new Span(common.first() - own.first(), common.count())));
      }
    }
    return runs;
  }
}
