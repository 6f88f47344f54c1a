package dev.longtake.runtime.api;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What can be known of a checkpoint without an engine.
 *
 * @param audioLeadFrames video frames of silence that a video's speech needs in front of it, so
 *     that lips and sound agree
 * @param size the size that the model was trained for, if it is made for a single one
 * @param takeSeconds about how long a take should be
 * @param numericsVersion changes whenever the engine makes other pixels of the same checkpoint
 */
public record CheckpointInfo(
    int audioLeadFrames, Optional<FrameSize> size, int takeSeconds, int numericsVersion) {
  /** Checks that nothing was forgotten. */
  public CheckpointInfo {
    requireNonNull(size, "size");
  }
}
