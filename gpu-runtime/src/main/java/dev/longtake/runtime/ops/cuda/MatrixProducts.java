package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.cuda.CublasLt;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.DeviceMemory;
import dev.longtake.runtime.cuda.GemmEpilogue;
import dev.longtake.runtime.cuda.GemmOperands;
import dev.longtake.runtime.cuda.GemmScales;
import dev.longtake.runtime.cuda.GemmShape;
import dev.longtake.runtime.cuda.GemmType;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.ScaledRows;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code linear}: cuBLASLt where it takes the types and widths, else our own kernel. */
final class MatrixProducts {
  /** Bytes that rows must be a multiple of for the library to use the tensor cores. */
  private static final int ROW_ALIGNMENT_BYTES = 16;

  private final CudaStream stream;
  private final Arena workspace;
  private final CublasLt library;
  private final QuantizedRows quantized;
  private final LinearKernel general;
  private final ElementwiseKernels elementwise;
  private final Map<GemmShape, Boolean> supported = new HashMap<>();

  MatrixProducts(
      CudaStream stream,
      Arena workspace,
      CublasLt library,
      QuantizedRows quantized,
      ElementwiseKernels elementwise,
      KernelModules modules) {
    this.stream = stream;
    this.workspace = workspace;
    this.library = library;
    this.quantized = quantized;
    this.elementwise = elementwise;
    this.general = new LinearKernel(modules);
  }

  void linear(Tensor x, Linear weights, Activation activation, Tensor out) {
    int rows = x.shape().rows();
    int in = weights.inWidth();
    int outWidth = weights.outWidth();
    checkArgument(x.shape().extent(-1) == in, "x must be [rows, %s], but was %s", in, x.shape());
    checkArgument(
        out.shape().extent(-1) == outWidth && out.shape().rows() == rows,
        "out must be [%s, %s], but was %s",
        rows,
        outWidth,
        out.shape());
    DeviceTensor result = DeviceTensor.of(out);
    DeviceTensor weight = DeviceTensor.of(weights.weight());
    DeviceTensor bias = null;
    if (weights.bias() != null) {
      DType biasType = weights.scale() == null ? weight.dtype() : out.dtype();
      weights.bias().require("bias", biasType, Shape.of(outWidth));
      bias = DeviceTensor.of(weights.bias());
    }
    if (weights.scale() != null) {
      DeviceTensor scale = DeviceTensor.of(weights.scale());
      multiplyQuantized(x, weight, scale, bias, activation, result);
      return;
    }
    DeviceTensor input = DeviceTensor.of(x);
    GemmType type = typeOf(input, weight, result);
    if (type == null || (bias != null && bias.dtype() != result.dtype())) {
      general.launch(stream, input, weight, bias, activation, result);
      return;
    }
    GemmShape shape = GemmShape.of(rows, in, outWidth, type, epilogue(bias != null, activation));
    library.multiply(
        stream,
        shape,
        GemmOperands.of(input.memory(), weight.memory(), memoryOf(bias), result.memory()));
    finish(shape.epilogue(), activation, result);
  }

  private void multiplyQuantized(
      Tensor x,
      DeviceTensor weight,
      DeviceTensor scale,
      @Nullable DeviceTensor bias,
      Activation activation,
      DeviceTensor out) {
    out.require("out", DType.BF16, out.shape());
    GemmShape shape = quantizedShape(x.shape().rows(), weight, epilogue(bias != null, activation));
    try (Arena.Scope scope = workspace.scope()) {
      ScaledRows input =
          x instanceof ScaledRows rows ? rows : quantized.of(DeviceTensor.of(x), workspace);
      library.multiply(
          stream,
          shape,
          new GemmOperands(
              DeviceTensor.of(input.values()).memory(),
              DeviceTensor.of(input.scale()).memory(),
              weight.memory(),
              scale.memory(),
              memoryOf(bias),
              out.memory()));
    }
    finish(shape.epilogue(), activation, out);
  }

  /** Does without the activation in the epilogue where the library has none for FP8. */
  private GemmShape quantizedShape(int rows, DeviceTensor weight, GemmEpilogue epilogue) {
    GemmShape whole = quantizedShapeOf(rows, weight, epilogue);
    if (supported.computeIfAbsent(whole, library::supports)) {
      return whole;
    }
    boolean biased = epilogue == GemmEpilogue.BIAS || epilogue == GemmEpilogue.BIAS_GELU_TANH;
    return quantizedShapeOf(rows, weight, biased ? GemmEpilogue.BIAS : GemmEpilogue.NONE);
  }

  private static GemmShape quantizedShapeOf(int rows, DeviceTensor weight, GemmEpilogue epilogue) {
    return new GemmShape(
        rows,
        weight.shape().extent(1),
        weight.shape().extent(0),
        GemmType.FP8_FAST_SUMS,
        GemmScales.PER_ROW,
        epilogue);
  }

  /** Applies the activation if the product did not. */
  private void finish(GemmEpilogue epilogue, Activation activation, DeviceTensor out) {
    boolean done =
        activation == Activation.NONE
            || epilogue == GemmEpilogue.GELU_TANH
            || epilogue == GemmEpilogue.BIAS_GELU_TANH;
    if (!done) {
      elementwise.activate(stream, out, activation, out);
    }
  }

  private static GemmEpilogue epilogue(boolean biased, Activation activation) {
    if (activation == Activation.GELU_TANH) {
      return biased ? GemmEpilogue.BIAS_GELU_TANH : GemmEpilogue.GELU_TANH;
    }
    return biased ? GemmEpilogue.BIAS : GemmEpilogue.NONE;
  }

  /** Returns the library's name for a product's types, or null if it should not compute it. */
  private static @Nullable GemmType typeOf(DeviceTensor x, DeviceTensor weight, DeviceTensor out) {
    if (x.dtype() != weight.dtype() || !hasAlignedRows(x) || !hasAlignedRows(out)) {
      return null;
    }
    if (Kernels.packed(weight) == 0) {
      return null;
    }
    if (x.dtype() == DType.BF16) {
      return switch (out.dtype()) {
        case BF16 -> GemmType.BF16;
        case FP32 -> GemmType.BF16_TO_FP32;
        default -> null;
      };
    }
    if (x.dtype() != out.dtype()) {
      return null;
    }
    return switch (x.dtype()) {
      case FP32 -> GemmType.FP32;
      case FP16 -> GemmType.FP16;
      default -> null;
    };
  }

  private static boolean hasAlignedRows(DeviceTensor tensor) {
    long rowBytes = (long) tensor.shape().extent(-1) * tensor.dtype().bytes();
    return rowBytes % ROW_ALIGNMENT_BYTES == 0 && Kernels.packed(tensor) == 1;
  }

  private static @Nullable DeviceMemory memoryOf(@Nullable DeviceTensor tensor) {
    return tensor == null ? null : requireNonNull(tensor.memory());
  }
}
