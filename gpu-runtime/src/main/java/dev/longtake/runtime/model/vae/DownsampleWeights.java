package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.weights.WeightReader;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a {@link SpaceDownsample}, or of a {@link TimeDownsample} if there are some for
 * time.
 *
 * @param space halves rows and columns
 * @param time halves frames, or null
 */
record DownsampleWeights(Conv space, @Nullable Conv time) implements LayerWeights {
  private static final int KERNEL = 3;

  /** Reads a layer that halves rows and columns. */
  static DownsampleWeights readSpace(WeightReader reader, String prefix, int channels) {
    // Zeros below and on the right only: even extents are halved exactly.
    ConvShape shape = new ConvShape(channels, channels, 1, KERNEL, KERNEL, 1, 2, 2, 0, 1, 1);
    return new DownsampleWeights(reader.conv(prefix + ".resample.1", shape), null);
  }

  /** Reads a layer that halves rows, columns and frames. */
  static DownsampleWeights readSpaceAndTime(WeightReader reader, String prefix, int channels) {
    ConvShape shape = ConvShape.overTime(channels, channels, KERNEL, 2);
    return new DownsampleWeights(
        readSpace(reader, prefix, channels).space(), reader.conv(prefix + ".time_conv", shape));
  }

  @Override
  public VaeLayer open(Ops ops, Arena state, int height, int width) {
    SpaceDownsample halved = new SpaceDownsample(ops, space);
    return time == null ? halved : new TimeDownsample(ops, halved, time, state, height, width);
  }
}
