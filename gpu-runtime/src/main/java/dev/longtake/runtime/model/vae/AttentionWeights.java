package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.WeightReader;

/**
 * The weights of an {@link AttentionLayer}; all matrices are [C, C].
 *
 * @param gamma [C]
 */
record AttentionWeights(Tensor gamma, Linear query, Linear key, Linear value, Linear projection)
    implements LayerWeights {
  private static final int PARTS = 3;

  /** Reads the layer that the checkpoint calls {@code prefix}; its three inputs are one tensor. */
  static AttentionWeights read(WeightReader reader, String prefix, int channels) {
    Tensor gamma = reader.tensor(prefix + ".norm.gamma", channels, 1, 1).reshape(channels);
    Linear all = LayerWeights.pointwise(reader, prefix + ".to_qkv", PARTS * channels, channels);
    return new AttentionWeights(
        gamma,
        all.outputs(0, channels),
        all.outputs(channels, channels),
        all.outputs(2 * channels, channels),
        LayerWeights.pointwise(reader, prefix + ".proj", channels, channels));
  }

  @Override
  public VaeLayer open(Ops ops, Arena state, int height, int width) {
    return new AttentionLayer(ops, this);
  }
}
