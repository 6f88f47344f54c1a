package dev.longtake.transforms.split;

import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.pipeline.spi.SpeechEnvelope;
import dev.longtake.pipeline.spi.TakePlanner;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Cuts at the quietest moment near every {@code takeSeconds}: in the middle of the longest pause
 * within reach, and where nobody pauses, where the voice is lowest.
 *
 * <p>A cut is looked for around a multiple of {@code takeSeconds} from the start of the video, 10 s
 * or a sixth of {@code takeSeconds} to either side, whichever is less. It depends on the sound in
 * that stretch alone: speech that changes elsewhere moves it only if the length of the speech
 * changes with it. A take is never shorter than 10 s, or two thirds of {@code takeSeconds} if that
 * is less, unless the video is.
 */
public final class SilenceTakePlanner implements TakePlanner {
  private static final long serialVersionUID = 1L;

  private final TakeGrid grid;

  /**
   * Creates a planner.
   *
   * @param takeSeconds wanted length of a take, from 1 s to a day; rounded to whole frames
   * @throws IllegalArgumentException if it is outside of that
   */
  public SilenceTakePlanner(double takeSeconds) {
    this.grid = TakeGrid.movable(takeSeconds);
  }

  @Override
  public List<FrameRange> plan(SpeechEnvelope speech) {
    int cuts = grid.cuts(speech.frames());
    return TakeGrid.takesBetween(
        IntStream.rangeClosed(1, cuts).map(cut -> nearest(cut, speech)).toArray(), speech.frames());
  }

  private int nearest(int cut, SpeechEnvelope speech) {
    int wanted = grid.frameOf(cut);
    return new PauseFinder(speech, wanted - grid.reachFrames(), wanted, wanted + grid.reachFrames())
        .quietestFrame();
  }
}
