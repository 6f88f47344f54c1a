package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** {@code convolve}: a matrix product if it is one, else the fastest kernel that takes it. */
final class Convolution {
  /** Rows and columns that the tensor cores' kernel can count. */
  private static final int MAX_EXTENT = 1 << 14;

  private final CudaStream stream;
  private final Arena workspace;
  private final MatrixProducts products;
  private final LayoutKernels layout;
  private final @Nullable HopperConvolutionKernels hopper;
  private final ConvolutionKernels kernels;
  private final GeneralConvolutionKernel general;

  Convolution(
      CudaStream stream,
      Arena workspace,
      MatrixProducts products,
      LayoutKernels layout,
      KernelModules modules) {
    this.stream = stream;
    this.workspace = workspace;
    this.products = products;
    this.layout = layout;
    this.hopper = modules.areForHopper() ? new HopperConvolutionKernels(modules) : null;
    this.kernels = new ConvolutionKernels(modules);
    this.general = new GeneralConvolutionKernel(modules);
  }

  void convolve(Tensor x, Conv conv, Tensor out) {
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
    } else if (ScratchBytes.fillsChannels(x, conv)) {
      convolveFilled(DeviceTensor.of(x), conv, DeviceTensor.of(out));
    } else {
      DeviceTensor bias = conv.bias() == null ? null : DeviceTensor.of(conv.bias());
      convolve(
          DeviceTensor.of(x), shape, DeviceTensor.of(conv.weight()), bias, DeviceTensor.of(out));
    }
  }

  /** Fills up the channels of input and weights with zeros, which change no sum. */
  private void convolveFilled(DeviceTensor x, Conv conv, DeviceTensor out) {
    int channels = ScratchBytes.fill(conv.shape().inChannels());
    Shape filters = ScratchBytes.filters(conv);
    try (Arena.Scope scope = workspace.scope()) {
      int[] extents = x.shape().toArray();
      extents[3] = channels;
      DeviceTensor filledX = DeviceTensor.of(workspace.tensor(x.dtype(), extents));
      DeviceTensor filledWeight =
          DeviceTensor.of(workspace.tensor(x.dtype(), filters.extent(0), channels));
      DeviceTensor weight = DeviceTensor.of(conv.weight()).reshape(filters.toArray());
      layout.fillUpColumns(stream, x, filledX);
      layout.fillUpColumns(stream, weight, filledWeight);
      DeviceTensor bias = conv.bias() == null ? null : DeviceTensor.of(conv.bias());
      convolve(filledX, conv.shape(), filledWeight, bias, out);
    }
  }

  private void convolve(
      DeviceTensor x,
      ConvShape shape,
      DeviceTensor weight,
      @Nullable DeviceTensor bias,
      DeviceTensor out) {
    if (!ConvolutionKernels.supports(x, out) || !suitsTensorCores(x, shape, weight)) {
      general.launch(stream, x, shape, weight, bias, out);
    } else if (hopper != null && HopperConvolutionKernels.supports(x, shape, out)) {
      hopper.launch(stream, x, shape, weight, bias, out);
    } else {
      kernels.launch(stream, x, shape, weight, bias, out);
    }
  }

  private static boolean suitsTensorCores(DeviceTensor x, ConvShape shape, DeviceTensor weight) {
    return shape.groups() == 1
        && x.shape().extent(1) < MAX_EXTENT
        && x.shape().extent(2) < MAX_EXTENT
        && Kernels.packedRows(x.shape().extent(3), x, weight) == 1;
  }

  private static boolean isPointwise(ConvShape shape) {
    return shape.windowSize() == shape.inChannels()
        && shape.groups() == 1
        && shape.strideT() == 1
        && shape.strideH() == 1
        && shape.strideW() == 1
        && shape.padBefore() + shape.padAfter() == 0;
  }
}
