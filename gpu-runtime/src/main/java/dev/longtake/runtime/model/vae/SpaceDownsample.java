package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/** Halves rows and columns with a convolution of step 2. */
final class SpaceDownsample implements VaeLayer {
  private final Ops ops;
  private final Conv weights;

  SpaceDownsample(Ops ops, Conv weights) {
    this.ops = ops;
    this.weights = weights;
  }

  @Override
  public Shape outputShape(Shape input) {
    return weights.shape().output(input);
  }

  @Override
  public void run(Tensor x, Tensor out) {
    ops.convolve(x, weights, out);
  }

  @Override
  public void reset() {}
}
