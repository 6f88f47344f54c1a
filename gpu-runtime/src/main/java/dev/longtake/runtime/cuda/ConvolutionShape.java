package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * What decides how a convolution of a channels-last tensor is computed: everything but the
 * addresses. Time is not padded; space is padded with zeros.
 *
 * @param frames the input is [frames, rows, columns, inChannels]
 * @param kernelT extent in time; {@code kernelH} in rows and {@code kernelW} in columns
 * @param strideT step in time; {@code strideH} and {@code strideW} in space
 * @param padBefore rows of zeros above, and columns to the left
 * @param padAfter rows of zeros below, and columns to the right
 * @param biased whether one number a channel is added
 */
public record ConvolutionShape(
    int frames,
    int rows,
    int columns,
    int inChannels,
    int outChannels,
    int kernelT,
    int kernelH,
    int kernelW,
    int strideT,
    int strideH,
    int strideW,
    int padBefore,
    int padAfter,
    boolean biased) {
  private static final int BYTES = 2;

  /** Checks that there is a result. */
  public ConvolutionShape {
    checkArgument(
        inChannels > 0 && outChannels > 0, "not channels: %s and %s", inChannels, outChannels);
    checkArgument(
        frames >= kernelT
            && rows + padBefore + padAfter >= kernelH
            && columns + padBefore + padAfter >= kernelW,
        "the input [%s, %s, %s] is smaller than the kernel",
        frames,
        rows,
        columns);
  }

  /** Returns the frames of the result. */
  public int outFrames() {
    return (frames - kernelT) / strideT + 1;
  }

  /** Returns the rows of the result. */
  public int outRows() {
    return (rows + padBefore + padAfter - kernelH) / strideH + 1;
  }

  /** Returns the columns of the result. */
  public int outColumns() {
    return (columns + padBefore + padAfter - kernelW) / strideW + 1;
  }

  /** Returns how many multiplications and additions the convolution takes. */
  public double flops() {
    return 2.0 * outFrames() * outRows() * outColumns() * outChannels * windowSize();
  }

  long inputBytes() {
    return (long) BYTES * frames * rows * columns * inChannels;
  }

  long weightBytes() {
    return (long) BYTES * outChannels * windowSize();
  }

  long biasBytes() {
    return biased ? (long) BYTES * outChannels : 0;
  }

  long outputBytes() {
    return (long) BYTES * outFrames() * outRows() * outColumns() * outChannels;
  }

  private int windowSize() {
    return kernelT * kernelH * kernelW * inChannels;
  }
}
