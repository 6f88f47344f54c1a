package dev.longtake.pipeline.spi;

import java.io.Serializable;
import java.util.List;

/**
 * Decides where a video is cut into takes.
 *
 * <p>Runs on any worker, and there again after a retry: equal speech must always give equal takes,
 * or work that was done is done again. Instances are serialized, immutable, and called by several
 * threads at once.
 */
public interface TakePlanner extends Serializable {
  /**
   * Returns the takes of a video, in order: at least one, without a gap or an overlap, from frame 0
   * to {@code speech.frames()}. The caller checks this with {@link FrameRange#requirePartition}.
   */
  List<FrameRange> plan(SpeechEnvelope speech);
}
