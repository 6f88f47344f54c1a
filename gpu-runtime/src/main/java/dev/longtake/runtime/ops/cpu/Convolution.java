package dev.longtake.runtime.ops.cpu;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Shape;

/** {@code convolve}: chooses how the input's windows become the rows of a matrix. */
final class Convolution {
  private final MatrixProducts products;
  private final TimeConvolution overTime;
  private final SpaceConvolution overSpace;

  Convolution(Parallel parallel, Scratch[] scratch, MatrixProducts products) {
    this.products = products;
    this.overTime = new TimeConvolution(parallel, scratch);
    this.overSpace = new SpaceConvolution(parallel, scratch);
  }

  void convolve(HostTensor x, Conv conv, HostTensor out) {
    ConvShape shape = conv.shape();
    Shape expected = shape.output(x.shape());
    checkArgument(
        out.shape().equals(expected), "out must be %s, but was %s", expected, out.shape());
    conv.weight().require("weight", x.dtype(), Shape.of(shape.outChannels(), shape.windowSize()));
    if (conv.bias() != null) {
      conv.bias().require("bias", x.dtype(), Shape.of(shape.outChannels()));
    }
    if (isPointwise(shape)) {
      products.linear(x, new Linear(conv.weight(), conv.bias()), Activation.NONE, out);
    } else if (x.shape().extent(1) == 1 && x.shape().extent(2) == 1 && !isPadded(shape)) {
      overTime.convolve(x, conv, out);
    } else {
      overSpace.convolve(x, conv, out);
    }
  }

  private static boolean isPadded(ConvShape shape) {
    return shape.padBefore() + shape.padAfter() > 0;
  }

  private static boolean isPointwise(ConvShape shape) {
    return shape.windowSize() == shape.inChannels()
        && shape.groups() == 1
        && shape.strideT() == 1
        && shape.strideH() == 1
        && shape.strideW() == 1
        && !isPadded(shape);
  }
}
