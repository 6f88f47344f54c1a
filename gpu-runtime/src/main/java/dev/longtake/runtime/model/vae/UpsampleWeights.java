package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.WeightReader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a {@link SpaceUpsample}, or of a {@link TimeUpsample} if there are some for time.
 *
 * @param space halves the channels, after rows and columns were doubled
 * @param time for each of the two frames that one frame becomes, the convolution over time that
 *     makes it; empty if the number of frames stays
 */
record UpsampleWeights(Conv space, List<Conv> time) implements LayerWeights {
  private static final int KERNEL = 3;

  /** Reads a layer that doubles rows and columns and halves the channels. */
  static UpsampleWeights readSpace(WeightReader reader, String prefix, int channels) {
    ConvShape shape = ConvShape.same(channels / 2, channels, 1, KERNEL);
    return new UpsampleWeights(reader.conv(prefix + ".resample.1", shape), List.of());
  }

  /** Reads a layer that also doubles the frames. */
  static UpsampleWeights readSpaceAndTime(WeightReader reader, String prefix, int channels) {
    Conv space = readSpace(reader, prefix, channels).space();
    // The channels of the two frames follow one another, so each has its own rows of the weights.
    Conv both =
        reader.conv(prefix + ".time_conv", ConvShape.overTime(2 * channels, channels, KERNEL, 1));
    return new UpsampleWeights(
        space, List.of(outputs(both, 0, channels), outputs(both, channels, channels)));
  }

  @Override
  public VaeLayer open(Ops ops, Arena state, int height, int width) {
    SpaceUpsample doubled = new SpaceUpsample(ops, space);
    return time.isEmpty() ? doubled : new TimeUpsample(ops, doubled, time, state, height, width);
  }

  private static Conv outputs(Conv conv, int first, int count) {
    @Nullable Tensor bias = conv.bias();
    return new Conv(
        ConvShape.overTime(count, conv.shape().inChannels(), KERNEL, 1),
        conv.weight().slice(first, count),
        bias == null ? null : bias.slice(first, count));
  }
}
