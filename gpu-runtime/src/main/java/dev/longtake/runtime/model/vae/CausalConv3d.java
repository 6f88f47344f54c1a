package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;

/**
 * A convolution that sees the present and the past of a sequence that comes in pieces.
 *
 * <p>It remembers as many input frames as the next piece's first window reaches back: the kernel's
 * extent in time less its step.
 */
final class CausalConv3d {
  private final Ops ops;
  private final Conv weights;
  private final FrameHistory history;

  /**
   * Takes the memory for the history; undefined until {@link #reset()}.
   *
   * @param state lives as long as the sequence
   * @param height rows of the input; {@code width} its columns
   */
  CausalConv3d(Ops ops, Conv weights, Arena state, int height, int width) {
    ConvShape shape = weights.shape();
    this.ops = ops;
    this.weights = weights;
    this.history =
        new FrameHistory(
            ops, state, shape.kernelT() - shape.strideT(), height, width, shape.inChannels());
  }

  void reset() {
    history.reset();
  }

  /** Takes the memory for an input of {@code frames} frames from the workspace. */
  FrameHistory.Window window(int frames) {
    return history.window(frames);
  }

  /** Remembers a window's last frames without convolving it. */
  void keep(FrameHistory.Window window) {
    history.keep(window);
  }

  /**
   * Convolves a window whose new frames have been written, and remembers its last frames.
   *
   * @param out [T / time step, H', W', outChannels]
   */
  void run(FrameHistory.Window window, Tensor out) {
    ops.convolve(window.all(), weights, out);
    history.keep(window);
  }
}
