package dev.longtake.runtime.model.dit;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * How many tokens a picture of one size leads to.
 *
 * @param latentRows latent cells per column (h), even
 * @param latentColumns latent cells per row (w), even
 */
public record TokenGrid(int latentRows, int latentColumns) {
  // The motion packer's coarser patches, in latent cells.
  static final int MIDDLE_PATCH = 4;
  static final int COARSE_PATCH = 8;

  /** Checks that the picture is large enough for the coarsest motion patch. */
  public TokenGrid {
    checkArgument(
        latentRows >= COARSE_PATCH
            && latentColumns >= COARSE_PATCH
            && latentRows % DitConfig.PATCH == 0
            && latentColumns % DitConfig.PATCH == 0,
        "a picture needs an even number of at least %s latent rows and columns, but has %sx%s",
        COARSE_PATCH,
        latentRows,
        latentColumns);
  }

  /** Returns the rows of tokens. */
  public int rows() {
    return latentRows / DitConfig.PATCH;
  }

  /** Returns the columns of tokens. */
  public int columns() {
    return latentColumns / DitConfig.PATCH;
  }

  /** Returns the tokens of one latent frame (fs). */
  public int frameTokens() {
    return rows() * columns();
  }

  /** Returns the tokens of one frame block (S). */
  public int blockTokens() {
    return DitConfig.BLOCK_FRAMES * frameTokens();
  }

  int middleTokens() {
    return (latentRows / MIDDLE_PATCH) * (latentColumns / MIDDLE_PATCH);
  }

  int coarseTokens() {
    return (latentRows / COARSE_PATCH) * (latentColumns / COARSE_PATCH);
  }

  /** Returns the tokens of the packed motion latents. */
  public int motionTokens() {
    return frameTokens() + middleTokens() + MotionPacker.COARSE_STEPS * coarseTokens();
  }

  /** Returns the tokens of reference and motion together (Lc). */
  public int conditionTokens() {
    return frameTokens() + motionTokens();
  }
}
