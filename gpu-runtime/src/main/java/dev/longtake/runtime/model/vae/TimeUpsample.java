package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;

/**
 * Doubles frames, then rows and columns: the first frame of a video stays, and each later one
 * becomes two, made from it and the two before. The first frame is not among the two before: in its
 * place, and in the place of the one before it, are zeros.
 */
final class TimeUpsample implements VaeLayer {
  private final Ops ops;
  private final SpaceUpsample space;
  private final List<Conv> time;
  private final FrameHistory history;
  private boolean started;

  /**
   * Takes the memory for the history.
   *
   * @param time for each frame that one frame becomes, the convolution that makes it
   * @param height rows of the input; {@code width} its columns
   */
  TimeUpsample(Ops ops, SpaceUpsample space, List<Conv> time, Arena state, int height, int width) {
    this.ops = ops;
    this.space = space;
    this.time = time;
    int channels = time.get(0).shape().inChannels();
    this.history = new FrameHistory(ops, state, kernel() - 1, height, width, channels);
  }

  @Override
  public Shape outputShape(Shape input) {
    int passed = firstFrames();
    int made = (input.extent(0) - passed) * time.size();
    return space.outputShape(input.withOutermost(passed + made));
  }

  @Override
  public void run(Tensor x, Tensor out) {
    int passed = firstFrames();
    int later = x.shape().extent(0) - passed;
    if (passed > 0) {
      space.run(x.slice(0, passed), out.slice(0, passed));
      started = true;
    }
    if (later > 0) {
      runLater(x.slice(passed, later), out.slice(passed, later * time.size()));
    }
  }

  private void runLater(Tensor x, Tensor out) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      FrameHistory.Window window = history.window(x.shape().extent(0));
      ops.copy(x, window.newFrames());
      Tensor made = ops.workspace().tensor(ops.activationType(), x.shape().withOutermost(1));
      int next = 0;
      for (int frame = 0; frame < x.shape().extent(0); frame++) {
        for (Conv conv : time) {
          ops.convolve(window.all().slice(frame, kernel()), conv, made);
          space.run(made, out.slice(next++, 1));
        }
      }
      history.keep(window);
    }
  }

  @Override
  public void reset() {
    history.reset();
    started = false;
  }

  private int firstFrames() {
    return started ? 0 : 1;
  }

  private int kernel() {
    return time.get(0).shape().kernelT();
  }
}
