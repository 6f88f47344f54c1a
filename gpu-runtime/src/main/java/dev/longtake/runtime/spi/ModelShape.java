package dev.longtake.runtime.spi;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.TokenGrid;

/**
 * The sizes that decide what the transformer needs: nothing else has to be known to plan it.
 *
 * @param clipLatentFrames latent frames of a clip, which the rings hold; a multiple of 3
 * @param steps denoising steps, each with a ring of its own
 */
public record ModelShape(DitConfig dit, TokenGrid grid, int clipLatentFrames, int steps) {
  /** Checks that clips consist of whole frame blocks. */
  public ModelShape {
    checkArgument(
        clipLatentFrames > 0 && clipLatentFrames % DitConfig.BLOCK_FRAMES == 0,
        "clipLatentFrames must be a positive multiple of %s, but was %s",
        DitConfig.BLOCK_FRAMES,
        clipLatentFrames);
    checkArgument(steps >= 1, "steps must be at least 1, but was %s", steps);
  }

  /** Returns the frame blocks of a clip. */
  public int blocks() {
    return clipLatentFrames / DitConfig.BLOCK_FRAMES;
  }
}
