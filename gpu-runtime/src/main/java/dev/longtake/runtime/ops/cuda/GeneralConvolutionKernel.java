package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.tensor.DeviceTensor;
import org.jspecify.annotations.Nullable;

/** Launches {@code convolution_general.cu}: any geometry and groups. */
final class GeneralConvolutionKernel {
  private static final int BLOCK_THREADS = 128;
  private static final int BLOCK_CHANNELS = BLOCK_THREADS / 32;
  private static final int BLOCK_POSITIONS = 8;
  private static final int MAX_GRID_ROWS = 1 << 15;

  private final Kernels kernels;

  GeneralConvolutionKernel(KernelModules modules) {
    this.kernels = modules.load("convolution_general");
  }

  void launch(
      CudaStream stream,
      DeviceTensor x,
      ConvShape conv,
      DeviceTensor weight,
      @Nullable DeviceTensor bias,
      DeviceTensor out) {
    int channels = x.shape().extent(3);
    int outChannels = out.shape().extent(3);
    int positions = out.shape().rows();
    KernelArgs args = kernels.args().pointer(x.memory()).pointer(weight.memory());
    Kernels.pointer(args, bias)
        .pointer(out.memory())
        .int32(x.shape().extent(1))
        .int32(x.shape().extent(2))
        .int32(channels)
        .int32(conv.kernelT())
        .int32(conv.kernelH())
        .int32(conv.kernelW())
        .int32(conv.strideT())
        .int32(conv.strideH())
        .int32(conv.strideW())
        .int32(conv.padBefore())
        .int32(conv.groups())
        .int32(out.shape().extent(1))
        .int32(out.shape().extent(2))
        .int32(outChannels)
        .int32(positions)
        .int32(packed(channels, conv.groups(), x, weight));
    LaunchShape shape =
        new LaunchShape(
            Kernels.ceilDiv(outChannels, BLOCK_CHANNELS),
            Math.min(MAX_GRID_ROWS, Kernels.ceilDiv(positions, BLOCK_POSITIONS)),
            1,
            BLOCK_THREADS,
            0);
    kernels.function("convolution_general", x, out).launch(stream, shape, args);
  }

  private static int packed(int channels, int groups, DeviceTensor x, DeviceTensor weight) {
    return channels / groups % Kernels.PACK == 0 ? Kernels.packedRows(channels, x, weight) : 0;
  }
}
