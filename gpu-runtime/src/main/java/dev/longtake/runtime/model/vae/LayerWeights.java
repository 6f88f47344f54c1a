package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.weights.WeightReader;

/** The weights of one layer. Immutable; shared by all videos that are in progress. */
sealed interface LayerWeights
    permits AttentionWeights, DownsampleWeights, ResidualWeights, UpsampleWeights {
  /**
   * Makes a layer with these weights for one video, without any frame seen yet.
   *
   * @param state where the layer's memory of past frames is taken from; it lives as long as the
   *     layer. Its values are undefined until {@link VaeLayer#reset()}.
   * @param height rows of the input; {@code width} its columns
   */
  VaeLayer open(Ops ops, Arena state, int height, int width);

  /** Reads a convolution that sees one position at a time, which is a matrix product. */
  static Linear pointwise(WeightReader reader, String prefix, int out, int in) {
    Conv conv = reader.conv(prefix, ConvShape.same(out, in, 1, 1));
    return new Linear(conv.weight(), conv.bias());
  }
}
