package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;

/** Normalisation over channels, SiLU, causal convolution. */
final class NormConv {
  private final Ops ops;
  private final Tensor gamma;
  private final CausalConv3d conv;

  /** Takes the memory for the history, as {@link CausalConv3d} does. */
  NormConv(Ops ops, NormConvWeights weights, Arena state, int height, int width) {
    this.ops = ops;
    this.gamma = weights.gamma();
    this.conv = new CausalConv3d(ops, weights.conv(), state, height, width);
  }

  void reset() {
    conv.reset();
  }

  /**
   * Continues the sequence.
   *
   * @param x the next frames [T, H, W, C]
   * @param out [T, H, W, outChannels]; may be {@code x}, which is no longer needed when it is
   *     written
   */
  void run(Tensor x, Tensor out) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      FrameHistory.Window window = conv.window(x.shape().extent(0));
      ops.channelNorm(x, gamma, Activation.SILU, window.newFrames());
      conv.run(window, out);
    }
  }
}
