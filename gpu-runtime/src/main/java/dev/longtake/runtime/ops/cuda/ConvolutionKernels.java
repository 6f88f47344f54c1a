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
 * Launches the kernels of {@code convolution.cu}: fp16, or bf16 with fp32 results, on any GPU's
 * tensor cores; no groups.
 */
final class ConvolutionKernels {
  private static final int SHARED_BYTES_PER_ROW = 256;

  /** Thread blocks from which large tiles keep every multiprocessor busy. */
  private static final int MANY_BLOCKS = 400;

  private static final int FEW_CHANNELS = 8;
  private static final int MEDIUM_CHANNELS = 96;

  /**
   * What one thread block computes.
   *
   * @param positions of the result
   * @param channels of the result
   */
  private record Tile(int positions, int channels, int threads) {
    String kernel() {
      return "convolution_" + positions + "x" + channels;
    }

    int sharedBytes() {
      return (positions + channels) * SHARED_BYTES_PER_ROW;
    }
  }

  private static final Tile NARROW = new Tile(512, 8, 256);
  private static final Tile TALL = new Tile(256, 96, 256);
  private static final Tile WIDE = new Tile(128, 192, 256);
  private static final Tile SMALL = new Tile(64, 96, 64);

  private final Kernels kernels;

  ConvolutionKernels(KernelModules modules) {
    this.kernels = modules.load("convolution");
    kernels.function(NARROW.kernel() + "_f16_f16").allowSharedBytes(NARROW.sharedBytes());
    kernels.function(TALL.kernel() + "_f16_f16").allowSharedBytes(TALL.sharedBytes());
    for (String type : new String[] {"_f16_f16", "_bf16_f32"}) {
      kernels.function(WIDE.kernel() + type).allowSharedBytes(WIDE.sharedBytes());
      kernels.function(SMALL.kernel() + type).allowSharedBytes(SMALL.sharedBytes());
    }
  }

  /** Returns whether there are kernels for these types. */
  static boolean supports(DeviceTensor x, DeviceTensor out) {
    return (x.dtype() == DType.FP16 && out.dtype() == DType.FP16)
        || (x.dtype() == DType.BF16 && out.dtype() == DType.FP32);
  }

  /**
   * Queues a convolution.
   *
   * @param x fp16 or bf16 [T, H, W, C], C a multiple of 8, aligned to 16 bytes
   * @param weight of the same type and as many channels
   * @param out fp16 or fp32 [T', H', W', O]
   */
  void launch(
      CudaStream stream,
      DeviceTensor x,
      ConvShape conv,
      DeviceTensor weight,
      @Nullable DeviceTensor bias,
      DeviceTensor out) {
    int positions = out.shape().rows();
    int outChannels = out.shape().extent(3);
    Tile tile = tile(positions, outChannels, out.dtype());
    KernelArgs args = kernels.args().pointer(x.memory()).pointer(weight.memory());
    Kernels.pointer(args, bias)
        .pointer(out.memory())
        .int32(x.shape().extent(1))
        .int32(x.shape().extent(2))
        .int32(x.shape().extent(3))
        .int32(conv.kernelT())
        .int32(conv.kernelH())
        .int32(conv.kernelW())
        .int32(conv.strideT())
        .int32(conv.strideH())
        .int32(conv.strideW())
        .int32(conv.padBefore())
        .int32(out.shape().extent(1))
        .int32(out.shape().extent(2))
        .int32(outChannels)
        .int32(positions);
    LaunchShape shape =
        new LaunchShape(
            Kernels.ceilDiv(positions, tile.positions()),
            Kernels.ceilDiv(outChannels, tile.channels()),
            1,
            tile.threads(),
            tile.sharedBytes());
    CudaFunction function = kernels.function(tile.kernel(), x, out);
    function.launch(stream, shape, args);
  }

  private static Tile tile(int positions, int outChannels, DType result) {
    boolean rounded = result == DType.FP16;
    if (rounded && outChannels <= FEW_CHANNELS) {
      return NARROW;
    }
    if (rounded && outChannels <= MEDIUM_CHANNELS && blocks(TALL, positions, 1) >= MANY_BLOCKS) {
      return TALL;
    }
    return blocks(WIDE, positions, outChannels) >= MANY_BLOCKS ? WIDE : SMALL;
  }

  private static long blocks(Tile tile, int positions, int outChannels) {
    return (long) Kernels.ceilDiv(positions, tile.positions())
        * Kernels.ceilDiv(outChannels, tile.channels());
  }
}
