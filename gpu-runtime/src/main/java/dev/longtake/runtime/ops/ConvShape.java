package dev.longtake.runtime.ops;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.tensor.Shape;

/**
 * The geometry of a convolution over time, rows and columns. Time is never padded: a causal
 * convolution gets its history as leading frames of its input. Space is padded with zeros.
 *
 * @param kernelT extent in time; likewise {@code kernelH} in rows and {@code kernelW} in columns
 * @param strideT step in time; {@code strideH} and {@code strideW} in space
 * @param padBefore rows of zeros above, and columns to the left
 * @param padAfter rows of zeros below, and columns to the right
 * @param groups how many separate convolutions the channels are dealt over; divides both channels
 */
public record ConvShape(
    int outChannels,
    int inChannels,
    int kernelT,
    int kernelH,
    int kernelW,
    int strideT,
    int strideH,
    int strideW,
    int padBefore,
    int padAfter,
    int groups) {
  /** Checks that the groups divide the channels. */
  public ConvShape {
    checkArgument(
        outChannels % groups == 0 && inChannels % groups == 0,
        "%s groups do not divide %s and %s channels",
        groups,
        inChannels,
        outChannels);
  }

  /** Returns a convolution over time alone. */
  public static ConvShape overTime(int outChannels, int inChannels, int kernel, int stride) {
    return new ConvShape(outChannels, inChannels, kernel, 1, 1, stride, 1, 1, 0, 0, 1);
  }

  /** Returns a convolution whose windows neither overlap nor need padding. */
  public static ConvShape patches(int outChannels, int inChannels, int t, int h, int w) {
    return new ConvShape(outChannels, inChannels, t, h, w, t, h, w, 0, 0, 1);
  }

  /** Returns a convolution of stride 1 that keeps rows and columns; the kernel's side is odd. */
  public static ConvShape same(int outChannels, int inChannels, int kernelT, int side) {
    int pad = side / 2;
    return new ConvShape(outChannels, inChannels, kernelT, side, side, 1, 1, 1, pad, pad, 1);
  }

  /** Returns the same convolution with the channels dealt over {@code count} groups. */
  public ConvShape withGroups(int count) {
    return new ConvShape(
        outChannels,
        inChannels,
        kernelT,
        kernelH,
        kernelW,
        strideT,
        strideH,
        strideW,
        padBefore,
        padAfter,
        count);
  }

  /** Returns the same convolution with other results. */
  public ConvShape withOutChannels(int channels) {
    return new ConvShape(
        channels,
        inChannels,
        kernelT,
        kernelH,
        kernelW,
        strideT,
        strideH,
        strideW,
        padBefore,
        padAfter,
        groups);
  }

  /** Returns how many values one output channel is computed from. */
  public int windowSize() {
    return kernelT * kernelH * kernelW * (inChannels / groups);
  }

  /**
   * Returns the shape [T', H', W', outChannels] that an input [T, H, W, inChannels] leads to.
   *
   * @throws IllegalArgumentException if the input has other channels or is smaller than the kernel
   */
  public Shape output(Shape input) {
    checkArgument(
        input.rank() == 4 && input.extent(3) == inChannels,
        "the input must be [T, H, W, %s], but was %s",
        inChannels,
        input);
    int pad = padBefore + padAfter;
    int t = input.extent(0) - kernelT;
    int h = input.extent(1) + pad - kernelH;
    int w = input.extent(2) + pad - kernelW;
    checkArgument(
        t >= 0 && h >= 0 && w >= 0, "the input %s is smaller than the kernel of %s", input, this);
    return Shape.of(t / strideT + 1, h / strideH + 1, w / strideW + 1, outChannels);
  }
}
