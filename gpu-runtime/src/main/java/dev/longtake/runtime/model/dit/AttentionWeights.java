package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.WeightReader;

/**
 * Parameters of an attention, whichever it is.
 *
 * @param normQ [E], RMS weight over all heads together; likewise {@code normK}
 */
public record AttentionWeights(Linear q, Linear k, Linear v, Linear o, Tensor normQ, Tensor normK) {
  static AttentionWeights read(WeightReader reader, String prefix, int width) {
    return new AttentionWeights(
        reader.linear(prefix + ".q", width, width),
        reader.linear(prefix + ".k", width, width),
        reader.linear(prefix + ".v", width, width),
        reader.linear(prefix + ".o", width, width),
        reader.tensor(prefix + ".norm_q.weight", width),
        reader.tensor(prefix + ".norm_k.weight", width));
  }
}
