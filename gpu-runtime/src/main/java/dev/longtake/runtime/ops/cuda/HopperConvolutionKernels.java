package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaFunction;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import org.jspecify.annotations.Nullable;

/**
 * Launches the kernels of {@code convolution_sm90.cu}: fp16, steps of 1, kernels of 3×3 or 1×1 in
 * space, on GPUs of compute capability 9.0.
 */
final class HopperConvolutionKernels {
  private static final int BLOCK_THREADS = 256;
  private static final int TILE_ROWS = 8;
  private static final int TILE_COLUMNS = 16;
  private static final int DEPTH = 32;
  private static final int CELL_BYTES = DEPTH * 2;
  private static final int ALIGNMENT_BYTES = 1024;
  private static final int FILTER_STAGES = 4;
  private static final int SIDE = 3;
  private static final int MANY_CHANNELS = 96;
  private static final int FEW_CHANNELS = 8;

  private final Kernels kernels;

  HopperConvolutionKernels(KernelModules modules) {
    this.kernels = modules.load("convolution_sm90");
    allow(SIDE, MANY_CHANNELS);
    allow(SIDE, FEW_CHANNELS);
    allow(1, MANY_CHANNELS);
  }

  /** Returns whether there is a kernel for a convolution without groups. */
  static boolean supports(DeviceTensor x, ConvShape conv, DeviceTensor out) {
    int side = conv.kernelH();
    long frameElements = x.shape().withOutermost(1).elements();
    return (side == SIDE || side == 1)
        && conv.kernelW() == side
        && conv.strideT() == 1
        && conv.strideH() == 1
        && conv.strideW() == 1
        && x.shape().extent(3) % DEPTH == 0
        && x.dtype() == DType.FP16
        && out.dtype() == DType.FP16
        && frameElements <= Integer.MAX_VALUE;
  }

  /**
   * Queues a convolution.
   *
   * @param x fp16 [T, H, W, C], C a multiple of 32, aligned to 16 bytes
   * @param out fp16 [T', H', W', O]
   */
  void launch(
      CudaStream stream,
      DeviceTensor x,
      ConvShape conv,
      DeviceTensor weight,
      @Nullable DeviceTensor bias,
      DeviceTensor out) {
    int side = conv.kernelH();
    int outChannels = out.shape().extent(3);
    int channels = side == SIDE && outChannels <= FEW_CHANNELS ? FEW_CHANNELS : MANY_CHANNELS;
    KernelArgs args = kernels.args().pointer(x.memory()).pointer(weight.memory());
    Kernels.pointer(args, bias)
        .pointer(out.memory())
        .int32(x.shape().extent(1))
        .int32(x.shape().extent(2))
        .int32(x.shape().extent(3))
        .int32(conv.kernelT())
        .int32(conv.padBefore())
        .int32(out.shape().extent(1))
        .int32(out.shape().extent(2))
        .int32(outChannels);
    int tiles =
        Kernels.ceilDiv(out.shape().extent(1), TILE_ROWS)
            * Kernels.ceilDiv(out.shape().extent(2), TILE_COLUMNS);
    LaunchShape shape =
        new LaunchShape(
            Math.multiplyExact(tiles, out.shape().extent(0)),
            Kernels.ceilDiv(outChannels, channels),
            1,
            BLOCK_THREADS,
            sharedBytes(side, channels));
    function(side, channels).launch(stream, shape, args);
  }

  private void allow(int side, int channels) {
    function(side, channels).allowSharedBytes(sharedBytes(side, channels));
  }

  private CudaFunction function(int side, int channels) {
    return kernels.function("convolution_side" + side + "_" + channels);
  }

  /** Patches of the input, stages of the weights, and what aligning them may cost. */
  static int sharedBytes(int side, int channels) {
    int cells = (TILE_ROWS + side - 1) * (TILE_COLUMNS + side - 1);
    int patchBytes = Kernels.ceilDiv(cells * CELL_BYTES, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    int patches = side == 1 ? 4 : 2;
    return patches * patchBytes + FILTER_STAGES * side * channels * CELL_BYTES + ALIGNMENT_BYTES;
  }
}
