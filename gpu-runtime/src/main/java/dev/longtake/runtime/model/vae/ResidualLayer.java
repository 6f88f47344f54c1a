package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Two normalised causal convolutions, and their input added. */
final class ResidualLayer implements VaeLayer {
  private final Ops ops;
  private final NormConv first;
  private final NormConv second;
  private final @Nullable Linear shortcut;
  private final int outChannels;

  ResidualLayer(Ops ops, ResidualWeights weights, Arena state, int height, int width) {
    this.ops = ops;
    this.first = new NormConv(ops, weights.first(), state, height, width);
    this.second = new NormConv(ops, weights.second(), state, height, width);
    this.shortcut = weights.shortcut();
    this.outChannels = weights.second().conv().shape().outChannels();
  }

  @Override
  public Shape outputShape(Shape input) {
    return Shape.of(input.extent(0), input.extent(1), input.extent(2), outChannels);
  }

  @Override
  public void run(Tensor x, Tensor out) {
    first.run(x, out);
    second.run(out, out);
    if (shortcut == null) {
      ops.add(out, x, out);
      return;
    }
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor widened = ops.workspace().tensor(ops.activationType(), out.shape());
      ops.linear(x, shortcut, Activation.NONE, widened);
      ops.add(out, widened, out);
    }
  }

  @Override
  public void reset() {
    first.reset();
    second.reset();
  }
}
