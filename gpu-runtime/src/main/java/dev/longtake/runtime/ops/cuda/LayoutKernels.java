package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.CudaFunction;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;

/** Launches the kernels of {@code layout.cu}. */
final class LayoutKernels {
  private static final int BLOCK_THREADS = 256;
  private static final int ROPE_THREADS = 320;

  private final Kernels kernels;

  LayoutKernels(KernelModules modules) {
    this.kernels = modules.load("layout");
  }

  void rope(
      CudaStream stream, DeviceTensor x, DeviceTensor cos, DeviceTensor sin, DeviceTensor out) {
    checkArgument(
        x.shape().rank() == 3 && x.shape().extent(2) % 2 == 0,
        "x must be [S, N, D] with an even D, but was %s",
        x.shape());
    int headWidth = x.shape().extent(2);
    Shape angles = Shape.of(x.shape().extent(0), headWidth / 2);
    cos.require("cos", DType.FP32, angles);
    sin.require("sin", DType.FP32, angles);
    out.require("out", x.dtype(), x.shape());
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(cos.memory())
            .pointer(sin.memory())
            .pointer(out.memory())
            .int32(x.shape().extent(1))
            .int32(headWidth)
            .int32(Kernels.packedRows(headWidth, x, cos, sin, out));
    kernels
        .function("rope", x)
        .launch(stream, new LaunchShape(x.shape().extent(0), ROPE_THREADS, 0), args);
  }

  void unpatchify(CudaStream stream, DeviceTensor x, DeviceTensor out) {
    checkArgument(
        x.shape().rank() == 4 && x.shape().extent(3) % 4 == 0,
        "x must be [T, H, W, 4·C], but was %s",
        x.shape());
    requireDoubled(x, out, x.shape().extent(3) / 4);
    spread(stream, "unpatchify", x, out);
  }

  void upsample2x(CudaStream stream, DeviceTensor x, DeviceTensor out) {
    checkArgument(x.shape().rank() == 4, "x must be [T, H, W, C], but was %s", x.shape());
    requireDoubled(x, out, x.shape().extent(3));
    spread(stream, "upsample2x", x, out);
  }

  void copyColumns(CudaStream stream, DeviceTensor x, int firstColumn, DeviceTensor out) {
    requireColumns(x, firstColumn, out);
    move(stream, x, firstColumn, out);
  }

  void putColumns(CudaStream stream, DeviceTensor x, DeviceTensor out, int firstColumn) {
    requireColumns(out, firstColumn, x);
    int width = out.shape().extent(-1);
    int columns = x.shape().extent(-1);
    boolean whole = (width | columns | firstColumn) % Kernels.PACK == 0;
    int packed = whole ? Kernels.packed(x, out) : 0;
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(out.memory())
            .int64(x.shape().elements())
            .int32(width)
            .int32(columns)
            .int32(firstColumn)
            .int32(packed);
    launch(stream, kernels.function("put_columns", x), x, packed, args);
  }

  private static void requireColumns(DeviceTensor whole, int firstColumn, DeviceTensor part) {
    int columns = part.shape().extent(-1);
    checkArgument(
        firstColumn >= 0
            && firstColumn + columns <= whole.shape().extent(-1)
            && part.shape().rows() == whole.shape().rows(),
        "columns %s to %s of %s do not make %s",
        firstColumn,
        firstColumn + columns,
        whole.shape(),
        part.shape());
    part.require("columns", whole.dtype(), part.shape());
  }

  /** Copies rows to wider ones, whose last columns become 0. */
  void fillUpColumns(CudaStream stream, DeviceTensor x, DeviceTensor out) {
    move(stream, x, 0, out);
  }

  private void move(CudaStream stream, DeviceTensor x, int firstColumn, DeviceTensor out) {
    int width = x.shape().extent(-1);
    int columns = out.shape().extent(-1);
    boolean whole = (width | columns | firstColumn) % Kernels.PACK == 0;
    int packed = whole && firstColumn + columns <= width ? Kernels.packed(x, out) : 0;
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(out.memory())
            .int64(out.shape().elements())
            .int32(width)
            .int32(columns)
            .int32(firstColumn)
            .int32(packed);
    launch(stream, kernels.function("copy_columns", out), out, packed, args);
  }

  private void spread(CudaStream stream, String name, DeviceTensor x, DeviceTensor out) {
    int channels = out.shape().extent(3);
    int packed = Kernels.packedRows(channels, x, out);
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(out.memory())
            .int64(out.shape().elements())
            .int32(x.shape().extent(2))
            .int32(channels)
            .int32(packed);
    launch(stream, kernels.function(name, out), out, packed, args);
  }

  private static void launch(
      CudaStream stream, CudaFunction function, DeviceTensor moved, int packed, KernelArgs args) {
    long threads = moved.shape().elements() / (packed == 1 ? Kernels.PACK : 1);
    function.launch(stream, LaunchShape.covering(threads, BLOCK_THREADS), args);
  }

  private static void requireDoubled(DeviceTensor x, DeviceTensor out, int channels) {
    Shape shape = x.shape();
    out.require(
        "out",
        x.dtype(),
        Shape.of(shape.extent(0), 2 * shape.extent(1), 2 * shape.extent(2), channels));
  }
}
