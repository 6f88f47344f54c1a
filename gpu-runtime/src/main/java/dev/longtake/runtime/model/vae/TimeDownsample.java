package dev.longtake.runtime.model.vae;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/**
 * Halves rows and columns, then frames: the first frame of a video stays, then each two become one,
 * made from them and the one before.
 */
final class TimeDownsample implements VaeLayer {
  private final Ops ops;
  private final SpaceDownsample space;
  private final CausalConv3d time;
  private boolean started;

  /**
   * Takes the memory for the history.
   *
   * @param height rows of the input; {@code width} its columns
   */
  TimeDownsample(Ops ops, SpaceDownsample space, Conv time, Arena state, int height, int width) {
    Shape halved = space.outputShape(Shape.of(1, height, width, time.shape().inChannels()));
    this.ops = ops;
    this.space = space;
    this.time = new CausalConv3d(ops, time, state, halved.extent(1), halved.extent(2));
  }

  @Override
  public Shape outputShape(Shape input) {
    int frames = input.extent(0);
    checkArgument(
        started ? frames % 2 == 0 : frames == 1,
        "a video's frames come as 1 alone, then in even numbers, but %s came",
        frames);
    Shape halved = space.outputShape(input);
    return started ? halved.withOutermost(frames / 2) : halved;
  }

  @Override
  public void run(Tensor x, Tensor out) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      FrameHistory.Window window = time.window(x.shape().extent(0));
      space.run(x, window.newFrames());
      if (started) {
        time.run(window, out);
        return;
      }
      ops.copy(window.newFrames(), out);
      time.keep(window);
      started = true;
    }
  }

  @Override
  public void reset() {
    time.reset();
    started = false;
  }
}
