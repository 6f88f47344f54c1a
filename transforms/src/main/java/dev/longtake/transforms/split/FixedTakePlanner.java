package dev.longtake.transforms.split;

import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.pipeline.spi.SpeechEnvelope;
import dev.longtake.pipeline.spi.TakePlanner;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Cuts every {@code takeSeconds}, whatever is being said. A rest shorter than 10 s, or two thirds
 * of a take if that is less, stays with the take before it.
 */
public final class FixedTakePlanner implements TakePlanner {
  private static final long serialVersionUID = 1L;

  private final TakeGrid grid;

  /**
   * Creates a planner.
   *
   * @param takeSeconds length of a take, from 1 s to a day; rounded to whole frames
   * @throws IllegalArgumentException if it is outside of that
   */
  public FixedTakePlanner(double takeSeconds) {
    this.grid = TakeGrid.fixed(takeSeconds);
  }

  @Override
  public List<FrameRange> plan(SpeechEnvelope speech) {
    int cuts = grid.cuts(speech.frames());
    return TakeGrid.takesBetween(
        IntStream.rangeClosed(1, cuts).map(grid::frameOf).toArray(), speech.frames());
  }
}
