package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/** Doubles rows and columns by repeating them, then halves the channels with a convolution. */
final class SpaceUpsample implements VaeLayer {
  private final Ops ops;
  private final Conv weights;

  SpaceUpsample(Ops ops, Conv weights) {
    this.ops = ops;
    this.weights = weights;
  }

  @Override
  public Shape outputShape(Shape input) {
    return weights.shape().output(doubled(input));
  }

  /** Goes frame by frame: the doubled map of all frames would be the largest tensor there is. */
  @Override
  public void run(Tensor x, Tensor out) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Shape oneFrame = doubled(x.shape().withOutermost(1));
      Tensor repeated = ops.workspace().tensor(ops.activationType(), oneFrame);
      for (int frame = 0; frame < x.shape().extent(0); frame++) {
        ops.upsample2x(x.slice(frame, 1), repeated);
        ops.convolve(repeated, weights, out.slice(frame, 1));
      }
    }
  }

  @Override
  public void reset() {}

  private static Shape doubled(Shape input) {
    return Shape.of(input.extent(0), 2 * input.extent(1), 2 * input.extent(2), input.extent(3));
  }
}
