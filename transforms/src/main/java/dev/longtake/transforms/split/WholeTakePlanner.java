package dev.longtake.transforms.split;

import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.pipeline.spi.SpeechEnvelope;
import dev.longtake.pipeline.spi.TakePlanner;
import java.util.List;

/** One take for the whole video, as the official rollout has it: what {@code strict} needs. */
public final class WholeTakePlanner implements TakePlanner {
  private static final long serialVersionUID = 1L;

  @Override
  public List<FrameRange> plan(SpeechEnvelope speech) {
    return List.of(new FrameRange(0, speech.frames()));
  }
}
