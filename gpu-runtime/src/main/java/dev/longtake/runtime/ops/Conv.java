package dev.longtake.runtime.ops;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a convolution over channels-last tensors.
 *
 * @param weight [outChannels, kernelT·kernelH·kernelW·inChannels/groups], channels fastest
 * @param bias [outChannels], or null for none
 */
public record Conv(ConvShape shape, Tensor weight, @Nullable Tensor bias) {
  /**
   * Returns the part that computes the channels [{@code first}, {@code first + count}).
   *
   * @throws IllegalArgumentException if the channels are dealt over groups
   */
  public Conv outputs(int first, int count) {
    checkArgument(shape.groups() == 1, "the channels are dealt over %s groups", shape.groups());
    return new Conv(
        shape.withOutChannels(count),
        weight.slice(first, count),
        bias == null ? null : bias.slice(first, count));
  }
}
