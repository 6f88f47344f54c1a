package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.tensor.DeviceTensor;

/** Launches {@code channel_norm.cu}. Shapes have been checked by {@link CudaOps}. */
final class ChannelNormKernel {
  private static final int BLOCK_THREADS = 128;
  private static final int ROWS_PER_LANE = 2;
  private static final int PACKS_PER_LANE = 4;
  private static final int WARP = 32;

  private final Kernels kernels;

  ChannelNormKernel(KernelModules modules) {
    this.kernels = modules.load("channel_norm");
  }

  void launch(
      CudaStream stream,
      DeviceTensor x,
      DeviceTensor gamma,
      Activation activation,
      DeviceTensor out) {
    int rows = x.shape().rows();
    int width = x.shape().extent(-1);
    int lanes = lanes(width);
    int blockRows = ROWS_PER_LANE * BLOCK_THREADS / lanes;
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(gamma.memory())
            .pointer(out.memory())
            .int64(rows)
            .int32(width)
            .int32(lanes)
            .int32(Kernels.code(activation))
            .int32(Kernels.packedRows(width, x, gamma, out));
    kernels
        .function("channel_norm", x)
        .launch(stream, new LaunchShape(Kernels.ceilDiv(rows, blockRows), BLOCK_THREADS, 0), args);
  }

  /**
   * Returns how many threads share a row, a power of two up to 32: so few that each has up to four
   * packs of it on their way at once.
   */
  static int lanes(int width) {
    int shares = Kernels.ceilDiv(width, Kernels.PACK * PACKS_PER_LANE);
    return shares <= 1 ? 1 : Math.min(WARP, Integer.highestOneBit(shares - 1) * 2);
  }
}
