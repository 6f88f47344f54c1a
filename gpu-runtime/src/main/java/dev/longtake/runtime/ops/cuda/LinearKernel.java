package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.tensor.DeviceTensor;
import org.jspecify.annotations.Nullable;

/** Launches {@code linear_general.cu}. Shapes have been checked by {@link MatrixProducts}. */
final class LinearKernel {
  private static final int BLOCK_THREADS = 128;
  private static final int BLOCK_COLUMNS = BLOCK_THREADS / 32;
  private static final int BLOCK_ROWS = 4;
  private static final int MAX_GRID_ROWS = 1 << 15;

  private final Kernels kernels;

  LinearKernel(KernelModules modules) {
    this.kernels = modules.load("linear_general");
  }

  void launch(
      CudaStream stream,
      DeviceTensor x,
      DeviceTensor weight,
      @Nullable DeviceTensor bias,
      Activation activation,
      DeviceTensor out) {
    int rows = x.shape().rows();
    int in = weight.shape().extent(1);
    int outWidth = weight.shape().extent(0);
    KernelArgs args = kernels.args().pointer(x.memory()).pointer(weight.memory());
    Kernels.pointer(args, bias)
        .pointer(out.memory())
        .int32(rows)
        .int32(in)
        .int32(outWidth)
        .int32(Kernels.code(activation))
        .int32(Kernels.packedRows(in, x, weight));
    LaunchShape shape =
        new LaunchShape(
            Kernels.ceilDiv(outWidth, BLOCK_COLUMNS),
            Math.min(MAX_GRID_ROWS, Kernels.ceilDiv(rows, BLOCK_ROWS)),
            1,
            BLOCK_THREADS,
            0);
    kernels.function("linear", x, weight, out).launch(stream, shape, args);
  }
}
