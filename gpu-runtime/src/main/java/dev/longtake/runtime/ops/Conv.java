package dev.longtake.runtime.ops;

import dev.longtake.runtime.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a convolution over channels-last tensors.
 *
 * @param weight [outChannels, kernelT·kernelH·kernelW·inChannels/groups], channels fastest
 * @param bias [outChannels], or null for none
 */
public record Conv(ConvShape shape, Tensor weight, @Nullable Tensor bias) {
  /** Returns the part that computes the channels [{@code first}, {@code first + count}). */
  public Conv outputs(int first, int count) {
    return new Conv(
        shape.withOutChannels(count),
        weight.slice(first, count),
        bias == null ? null : bias.slice(first, count));
  }
}
