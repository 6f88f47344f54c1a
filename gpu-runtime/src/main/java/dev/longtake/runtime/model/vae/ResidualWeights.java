package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.weights.WeightReader;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a {@link ResidualLayer}.
 *
 * @param first normalisation and convolution, input to output channels
 * @param second likewise, output to output channels
 * @param shortcut input to output channels, or null if they are equally many
 */
record ResidualWeights(NormConvWeights first, NormConvWeights second, @Nullable Linear shortcut)
    implements LayerWeights {
  /** Reads the layer that the checkpoint calls {@code prefix}. */
  static ResidualWeights read(WeightReader reader, String prefix, int in, int out) {
    return new ResidualWeights(
        NormConvWeights.read(reader, prefix + ".residual.0", prefix + ".residual.2", in, out),
        NormConvWeights.read(reader, prefix + ".residual.3", prefix + ".residual.6", out, out),
        in == out ? null : LayerWeights.pointwise(reader, prefix + ".shortcut", out, in));
  }

  @Override
  public VaeLayer open(Ops ops, Arena state, int height, int width) {
    return new ResidualLayer(ops, this, state, height, width);
  }
}
