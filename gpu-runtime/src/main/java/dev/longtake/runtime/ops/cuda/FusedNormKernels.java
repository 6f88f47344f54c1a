package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaDevice;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.ScaledRows;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Launches the kernels of {@code fused_norms.cu}, and of {@code fused_norms_sm89.cu} where results
 * are rounded to FP8. Shapes have been checked; types and alignment decide whether a kernel takes
 * them.
 */
final class FusedNormKernels {
  private static final int WARP = 32;

  // As many as the other normalisations have: 4 packs a thread.
  private static final int PACKS_PER_THREAD = 4;

  private static final int MAX_WIDTH = 1024 * Kernels.PACK * PACKS_PER_THREAD;

  private final Kernels kernels;
  private final @Nullable Kernels quantizing;

  /**
   * What a residual grows by before it is normalised.
   *
   * @param y bf16, as the residual
   * @param gate fp32 [width], or null for 1
   */
  record Addend(DeviceTensor y, @Nullable DeviceTensor gate) {}

  /**
   * What normalised values are multiplied with and moved by.
   *
   * @param scale [width], or [groups, width] for equally many rows each
   * @param modulated whether 1 is added to {@code scale}
   */
  record Affine(DeviceTensor scale, DeviceTensor shift, boolean modulated) {
    private int groups() {
      return scale.shape().rank() == 1 ? 1 : scale.shape().extent(0);
    }
  }

  FusedNormKernels(CudaDevice device, KernelModules modules) {
    this.kernels = modules.load("fused_norms");
    this.quantizing = QuantizeKernels.areFor(device) ? modules.load("fused_norms_sm89") : null;
  }

  /** Returns whether {@link #rmsNormRope} takes these. */
  static boolean suitsRope(
      DeviceTensor x, DeviceTensor weight, DeviceTensor cos, DeviceTensor sin, DeviceTensor out) {
    return x.dtype() == DType.BF16
        && out.dtype() == DType.BF16
        && weight.shape().extent(0) <= MAX_WIDTH
        && Kernels.packedRows(x.shape().extent(2), x, weight, cos, sin, out) == 1;
  }

  /**
   * Normalises and turns; see {@link dev.longtake.runtime.ops.Ops#rmsNormRope}.
   *
   * @param x bf16 [S, N, D]
   */
  void rmsNormRope(
      CudaStream stream,
      DeviceTensor x,
      DeviceTensor weight,
      float epsilon,
      DeviceTensor cos,
      DeviceTensor sin,
      DeviceTensor out) {
    int headWidth = x.shape().extent(2);
    Shape angles = Shape.of(x.shape().extent(0), headWidth / 2);
    cos.require("cos", DType.FP32, angles);
    sin.require("sin", DType.FP32, angles);
    int width = weight.shape().extent(0);
    KernelArgs args =
        kernels
            .args()
            .pointer(x.memory())
            .pointer(weight.memory())
            .pointer(cos.memory())
            .pointer(sin.memory())
            .pointer(out.memory())
            .int32(width)
            .int32(headWidth)
            .float32(epsilon);
    kernels
        .function("rms_norm_rope", weight)
        .launch(stream, shape(x.shape().extent(0), width), args);
  }

  /**
   * Returns whether {@link #layerNorm} takes these.
   *
   * @param x the residual
   * @param out a plain tensor, or {@link ScaledRows}
   */
  boolean suits(DeviceTensor x, @Nullable Addend addend, Affine affine, Tensor out) {
    int width = x.shape().extent(-1);
    boolean quantized = out instanceof ScaledRows;
    DeviceTensor target = target(out);
    DeviceTensor y = addend == null ? null : addend.y();
    DeviceTensor gate = addend == null ? null : addend.gate();
    return x.dtype() == DType.FP32
        && (y == null ? quantized : y.dtype() == DType.BF16)
        && (gate == null || gate.dtype() == DType.FP32)
        && (quantized ? quantizing != null : target.dtype() == DType.BF16)
        && (affine.modulated() || y != null)
        && x.shape().rows() % affine.groups() == 0
        && width <= MAX_WIDTH
        && Kernels.packedRows(width, x, y, gate, affine.scale(), affine.shift(), target) == 1;
  }

  /**
   * x = x + y·gate; out = (x − mean)/√(variance + epsilon)·scale + shift.
   *
   * @param x fp32 [rows, width], changed if there is an addend
   * @param out bf16 as {@code x}, or its rows in FP8
   */
  void layerNorm(
      CudaStream stream,
      DeviceTensor x,
      @Nullable Addend addend,
      Affine affine,
      float epsilon,
      Tensor out) {
    int rows = x.shape().rows();
    int width = x.shape().extent(-1);
    Kernels chosen = out instanceof ScaledRows && quantizing != null ? quantizing : kernels;
    KernelArgs args = chosen.args().pointer(x.memory());
    if (addend != null) {
      Kernels.pointer(args.pointer(addend.y().memory()), addend.gate());
    }
    args.pointer(affine.scale().memory())
        .pointer(affine.shift().memory())
        .pointer(target(out).memory());
    if (out instanceof ScaledRows scaled) {
      args.pointer(DeviceTensor.of(scaled.scale()).memory());
    }
    args.int32(width).int32(rows / affine.groups()).float32(epsilon);
    String name =
        (out instanceof ScaledRows ? "quantized_" : "")
            + (addend == null ? "" : "add_")
            + "layer_norm"
            + (affine.modulated() ? "_modulated" : "");
    chosen.function(name, affine.scale()).launch(stream, shape(rows, width), args);
  }

  private static DeviceTensor target(Tensor out) {
    return DeviceTensor.of(out instanceof ScaledRows scaled ? scaled.values() : out);
  }

  private static LaunchShape shape(int rows, int width) {
    int warps = Kernels.ceilDiv(width, Kernels.PACK * PACKS_PER_THREAD * WARP);
    return new LaunchShape(rows, warps * WARP, 0);
  }
}
