package dev.longtake.transforms.split;

import dev.longtake.pipeline.spi.SpeechEnvelope;
import java.util.Arrays;

/**
 * Finds where a stretch of speech is best cut.
 *
 * <p>What counts as quiet is relative to the stretch itself: 30 dB below its loud parts, or 6 dB
 * above its quietest 150 ms where noise lies under the voice. Quiet for 150 ms is a pause; the
 * closures inside words are shorter. Only products and comparisons decide, so every machine cuts
 * alike.
 */
final class PauseFinder {
  /** Steps of the envelope, 10 ms each, to a video frame. */
  static final int STEPS_PER_FRAME =
      SpeechEnvelope.WINDOWS_PER_SECOND / SpeechEnvelope.FRAMES_PER_SECOND;

  private static final int SHORTEST_PAUSE_STEPS = 15;

  /** Where there is no pause, the loudness of a moment is that of two frames to either side. */
  private static final int MOMENT_FRAMES = 2;

  /** Amplitude below which nothing is heard: -60 dB of full scale. */
  private static final float SILENCE = 1e-3f;

  /** The loudness that all but 0.5 % of the stretch stay below: a click is not the voice. */
  private static final double LOUD_PART = 0.995;

  private static final float BELOW_LOUD = 0.0316f; // -30 dB
  private static final float ABOVE_QUIET = 2; // +6 dB
  private static final float LEAST_CONTRAST = 3.16f; // 10 dB

  private final SpeechEnvelope speech;
  private final int firstFrame;
  private final int wantedFrame;
  private final int lastFrame;

  /**
   * Looks at a stretch.
   *
   * @param speech silence beyond its end
   * @param firstFrame first frame that may be cut before, {@code lastFrame} the last one
   * @param wantedFrame the one between them that the result should be close to
   */
  PauseFinder(SpeechEnvelope speech, int firstFrame, int wantedFrame, int lastFrame) {
    this.speech = speech;
    this.firstFrame = firstFrame;
    this.wantedFrame = wantedFrame;
    this.lastFrame = lastFrame;
  }

  /** Returns the frame to cut before. */
  int quietestFrame() {
    int start = firstFrame * STEPS_PER_FRAME;
    int end = lastFrame * STEPS_PER_FRAME;
    if (start == end) {
      return wantedFrame;
    }
    float threshold = pauseThreshold(start, end);
    int best = -1;
    int longest = SHORTEST_PAUSE_STEPS - 1;
    for (int step = start; step < end; step++) {
      int pauseStart = step;
      while (step < end && at(step) <= threshold) {
        step++;
      }
      int frame = frameNearest(pauseStart + step);
      int length = step - pauseStart;
      if (length > longest || (length == longest && best >= 0 && closer(frame, best))) {
        longest = length;
        best = frame;
      }
    }
    return best >= 0 ? best : lowestFrame();
  }

  /** Returns the amplitude up to which a step is part of a pause; negative if nothing can be. */
  private float pauseThreshold(int start, int end) {
    float[] sorted = new float[end - start];
    for (int i = 0; i < sorted.length; i++) {
      sorted[i] = at(start + i);
    }
    Arrays.sort(sorted);
    float loud = sorted[(int) (LOUD_PART * (sorted.length - 1))];
    if (loud <= SILENCE) {
      return SILENCE;
    }
    float quiet = quietestStretch(start, end);
    if (loud < quiet * LEAST_CONTRAST) {
      return -1;
    }
    return Math.max(loud * BELOW_LOUD, quiet * ABOVE_QUIET);
  }

  /** Returns the amplitude that the quietest stretch as long as a pause stays below. */
  private float quietestStretch(int start, int end) {
    float quietest = Float.POSITIVE_INFINITY;
    for (int first = start; first + SHORTEST_PAUSE_STEPS <= end; first++) {
      float loudest = 0;
      for (int step = first; step < first + SHORTEST_PAUSE_STEPS; step++) {
        loudest = Math.max(loudest, at(step));
      }
      quietest = Math.min(quietest, loudest);
    }
    return quietest;
  }

  /** For speech without a pause: the frame around which the voice is lowest. */
  private int lowestFrame() {
    int best = wantedFrame;
    double lowest = Double.POSITIVE_INFINITY;
    for (int frame = firstFrame + MOMENT_FRAMES; frame <= lastFrame - MOMENT_FRAMES; frame++) {
      double loudness = 0;
      int end = (frame + MOMENT_FRAMES) * STEPS_PER_FRAME;
      for (int step = (frame - MOMENT_FRAMES) * STEPS_PER_FRAME; step < end; step++) {
        loudness += at(step);
      }
      if (loudness < lowest || (loudness == lowest && closer(frame, best))) {
        lowest = loudness;
        best = frame;
      }
    }
    return best;
  }

  /** Returns the frame nearest to half of a sum of two steps. */
  private static int frameNearest(int stepSum) {
    return (stepSum + STEPS_PER_FRAME) / (2 * STEPS_PER_FRAME);
  }

  private boolean closer(int frame, int other) {
    return Math.abs(frame - wantedFrame) < Math.abs(other - wantedFrame);
  }

  private float at(int step) {
    return step < speech.windows() ? speech.energy(step) : 0;
  }
}
