package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.WeightReader;

/**
 * The weights of a {@link NormConv}.
 *
 * @param gamma [input channels]
 */
record NormConvWeights(Tensor gamma, Conv conv) {
  private static final int KERNEL = 3;

  /** Reads a normalisation and a 3×3×3 convolution under their own names. */
  static NormConvWeights read(
      WeightReader reader, String normPrefix, String convPrefix, int in, int out) {
    return new NormConvWeights(
        reader.tensor(normPrefix + ".gamma", in, 1, 1, 1).reshape(in),
        causal(reader, convPrefix, in, out));
  }

  /** Reads a 3×3×3 convolution that keeps rows and columns. */
  static Conv causal(WeightReader reader, String prefix, int in, int out) {
    return reader.conv(prefix, ConvShape.same(out, in, KERNEL, KERNEL));
  }
}
