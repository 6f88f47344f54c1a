package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaFunction;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.tensor.DeviceTensor;

/** Launches the kernels of {@code elementwise.cu}. Shapes have been checked by {@link CudaOps}. */
final class ElementwiseKernels {
  private static final int BLOCK_THREADS = 256;

  private final Kernels kernels;

  ElementwiseKernels(KernelModules modules) {
    this.kernels = modules.load("elementwise");
  }

  void add(CudaStream stream, DeviceTensor a, DeviceTensor b, DeviceTensor out) {
    combine(stream, "add", a, b, out);
  }

  void multiply(CudaStream stream, DeviceTensor a, DeviceTensor b, DeviceTensor out) {
    combine(stream, "multiply", a, b, out);
  }

  void addScaled(CudaStream stream, DeviceTensor x, DeviceTensor y, float factor) {
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(y.memory())
            .float32(factor)
            .int64(elements(x))
            .int32(Kernels.packed(x, y));
    launch(stream, kernels.function("add_scaled", x, y), x, args);
  }

  void addGated(CudaStream stream, DeviceTensor x, DeviceTensor y, DeviceTensor gate) {
    int width = x.shape().extent(-1);
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(y.memory())
            .pointer(gate.memory())
            .int64(elements(x))
            .int32(width)
            .int32(Kernels.packedRows(width, x, y, gate));
    launch(stream, kernels.function("add_gated", x, y, gate), x, args);
  }

  void addRow(CudaStream stream, DeviceTensor x, DeviceTensor row) {
    int width = x.shape().extent(-1);
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(row.memory())
            .int64(elements(x))
            .int32(width)
            .int32(Kernels.packedRows(width, x, row));
    launch(stream, kernels.function("add_row", x, row), x, args);
  }

  void scaleShift(
      CudaStream stream, DeviceTensor x, DeviceTensor scale, DeviceTensor shift, DeviceTensor out) {
    int width = x.shape().extent(-1);
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(scale.memory())
            .pointer(shift.memory())
            .pointer(out.memory())
            .int64(elements(x))
            .int32(width)
            .int32(Kernels.packedRows(width, x, scale, shift, out));
    launch(stream, kernels.function("scale_shift", x, scale, out), x, args);
  }

  void activate(CudaStream stream, DeviceTensor x, Activation activation, DeviceTensor out) {
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(out.memory())
            .int32(Kernels.code(activation))
            .int64(elements(x))
            .int32(Kernels.packed(x, out));
    launch(stream, kernels.function("activate", x, out), x, args);
  }

  /** Copies elements, rounding to the type of {@code out}. */
  void convert(CudaStream stream, DeviceTensor x, DeviceTensor out) {
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(out.memory())
            .int64(elements(x))
            .int32(Kernels.packed(x, out));
    launch(stream, kernels.function("convert", x, out), x, args);
  }

  private void combine(
      CudaStream stream, String name, DeviceTensor a, DeviceTensor b, DeviceTensor out) {
    KernelArgs args =
        kernels
            .args()
            .pointer(a.memory())
            .pointer(b.memory())
            .pointer(out.memory())
            .int64(elements(a))
            .int32(Kernels.packed(a, b, out));
    launch(stream, kernels.function(name, a, b, out), a, args);
  }

  private static void launch(
      CudaStream stream, CudaFunction function, DeviceTensor x, KernelArgs args) {
    long packs = (elements(x) + Kernels.PACK - 1) / Kernels.PACK;
    if (packs > 0) {
      function.launch(stream, LaunchShape.covering(packs, BLOCK_THREADS), args);
    }
  }

  private static long elements(DeviceTensor tensor) {
    return tensor.shape().elements();
  }
}
