package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;

/** The last frames of a sequence that comes in pieces; zeros before its first frame. */
final class FrameHistory {
  private final Ops ops;
  private final Tensor frames;

  /**
   * Takes the memory for {@code count} frames [H, W, C]; undefined until {@link #reset()}.
   *
   * @param state lives as long as the sequence
   */
  FrameHistory(Ops ops, Arena state, int count, int height, int width, int channels) {
    this.ops = ops;
    this.frames = state.tensor(ops.activationType(), count, height, width, channels);
  }

  void reset() {
    ops.fill(frames, 0f);
  }

  /**
   * Takes a window from the workspace whose leading frames are the history. The caller writes the
   * new frames behind them, so that nothing is moved to be joined.
   */
  Window window(int newFrames) {
    int[] extents = frames.shape().toArray();
    extents[0] += newFrames;
    Tensor all = ops.workspace().tensor(ops.activationType(), extents);
    int kept = frames.shape().extent(0);
    ops.copy(frames, all.slice(0, kept));
    return new Window(all, all.slice(kept, newFrames));
  }

  /** Remembers the last frames of a window that has been filled. */
  void keep(Window window) {
    int kept = frames.shape().extent(0);
    ops.copy(window.all().slice(window.all().shape().extent(0) - kept, kept), frames);
  }

  /**
   * A piece of the sequence with its history in front, in the workspace.
   *
   * @param all [history + T, H, W, C]
   * @param newFrames the last T of them, a view
   */
  record Window(Tensor all, Tensor newFrames) {}
}
