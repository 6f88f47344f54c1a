package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/**
 * Turns the last {@value DitConfig#MOTION_FRAMES} latent frames into few tokens, the older the
 * coarser: the newest in patches of 1×2×2, the two before it of 2×4×4, the oldest sixteen of 4×8×8
 * (FramePack, Zhang and Agrawala 2025).
 */
final class MotionPacker {
  private static final int MIDDLE_FRAMES = 2;
  private static final int COARSE_FRAMES = 16;

  /** Steps in time that the oldest frames are packed to. */
  static final int COARSE_STEPS = 4;

  private MotionPacker() {}

  /**
   * Packs motion latents.
   *
   * @param motion [19, h, w, C], oldest first
   * @param out [motion tokens, E], newest first
   */
  static void pack(Ops ops, DitWeights.MotionPackerWeights weights, Tensor motion, Tensor out) {
    int middle = COARSE_FRAMES;
    int fine = middle + MIDDLE_FRAMES;
    int token = pack(ops, weights.fine(), motion.slice(fine, 1), out, 0);
    token = pack(ops, weights.middle(), motion.slice(middle, MIDDLE_FRAMES), out, token);
    pack(ops, weights.coarse(), motion.slice(0, COARSE_FRAMES), out, token);
  }

  private static int pack(Ops ops, Conv conv, Tensor latents, Tensor out, int firstToken) {
    Shape tokens = conv.shape().output(latents.shape());
    Tensor part = out.slice(firstToken, tokens.rows());
    try (Arena.Scope scope = ops.workspace().scope()) {
      ops.convolve(latents, conv, part.reshape(tokens.toArray()));
    }
    return firstToken + tokens.rows();
  }
}
