package dev.longtake.runtime.weights;

import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.tensor.Shape;
import java.util.Arrays;

/** How a convolution's weights are stored, channels first, and how the model wants them. */
final class ConvLayout {
  private final ConvShape conv;
  private final int channels;
  private final int[] kernel;
  private final int taps;

  ConvLayout(ConvShape conv) {
    this.conv = conv;
    this.channels = conv.inChannels() / conv.groups();
    this.kernel = new int[] {conv.kernelT(), conv.kernelH(), conv.kernelW()};
    this.taps = conv.kernelT() * conv.kernelH() * conv.kernelW();
  }

  /**
   * Says whether a stored shape is [out, in/groups, T, H, W], extents of 1 left away at the
   * beginning or the end of T, H, W.
   */
  boolean accepts(Shape stored) {
    if (stored.rank() < 2
        || stored.extent(0) != conv.outChannels()
        || stored.extent(1) != channels) {
      return false;
    }
    int[] found = Arrays.copyOfRange(stored.toArray(), 2, stored.rank());
    int lastStart = leadingOnes();
    for (int start = 0; start <= lastStart; start++) {
      int end = start + found.length;
      if (end <= kernel.length
          && end >= kernel.length - trailingOnes()
          && Arrays.equals(found, Arrays.copyOfRange(kernel, start, end))) {
        return true;
      }
    }
    return false;
  }

  /** Returns the full shape, for messages. */
  String expected() {
    return "[%d, %d, %d, %d, %d] or the same without kernel extents of 1"
        .formatted(conv.outChannels(), channels, kernel[0], kernel[1], kernel[2]);
  }

  /**
   * Reorders filters.
   *
   * @param stored [count, channels, taps]
   * @param out [count, taps, channels]; must not be {@code stored}
   */
  void toChannelsLast(float[] stored, float[] out, int count) {
    for (int filter = 0; filter < count; filter++) {
      int start = filter * channels * taps;
      for (int channel = 0; channel < channels; channel++) {
        for (int tap = 0; tap < taps; tap++) {
          out[start + tap * channels + channel] = stored[start + channel * taps + tap];
        }
      }
    }
  }

  private int leadingOnes() {
    int ones = 0;
    while (ones < kernel.length && kernel[ones] == 1) {
      ones++;
    }
    return ones;
  }

  private int trailingOnes() {
    int ones = 0;
    while (ones < kernel.length && kernel[kernel.length - 1 - ones] == 1) {
      ones++;
    }
    return ones;
  }
}
