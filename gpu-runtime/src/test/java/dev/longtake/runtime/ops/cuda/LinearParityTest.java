package dev.longtake.runtime.ops.cuda;

import static dev.longtake.runtime.tensor.DType.BF16;
import static dev.longtake.runtime.tensor.DType.FP32;
import static dev.longtake.runtime.tensor.DType.FP8_E4M3;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.cuda.ParityTrial.Pair;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Fp8E4m3;
import dev.longtake.runtime.tensor.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("gpu")
class LinearParityTest {
  // Rounding the result to bf16 costs a relative error of 1.7e-3, or 2.8e-6 squared; before an
  // activation in a pass of its own it costs that twice.
  private static final double MAX_NMSE_BF16 = 1e-5;
  private static final double MAX_NMSE_FP16 = 1.6e-7; // an eighth of the error

  // Sums of up to 5120 fp32 terms in another order.
  private static final double MAX_NMSE_FP32 = 1e-11;

  // Inputs and weights have 3 bits behind the point: a relative error of 2.6 % each in the mean.
  private static final double MAX_NMSE_FP8 = 2 * 0.026 * 0.026 * 1.2;

  @ParameterizedTest
  @CsvSource({
    "BF16, BF16, BF16, 7, 64, 96, NONE",
    "BF16, BF16, BF16, 3375, 256, 512, GELU_TANH",
    "BF16, BF16, BF16, 33, 1024, 64, GELU_ERF",
    "BF16, BF16, BF16, 5, 33, 17, SILU",
    "BF16, BF16, BF16, 5, 64, 3, GELU_TANH",
    "BF16, BF16, FP32, 5, 64, 32, NONE",
    "FP32, BF16, FP32, 1, 256, 640, SILU",
    "FP32, BF16, BF16, 3, 64, 40, NONE",
    "FP16, FP16, FP16, 7, 64, 96, NONE",
    "FP16, FP16, FP16, 1125, 384, 384, NONE",
    "FP16, FP16, FP16, 5, 33, 17, SILU",
    "FP32, FP32, FP32, 9, 5120, 64, NONE",
    "FP32, FP32, FP32, 40, 1024, 256, GELU_ERF",
    "FP32, FP32, FP32, 9, 31, 7, GELU_TANH"
  })
  void matchesReference(
      DType x, DType w, DType out, int rows, int in, int outWidth, Activation activation) {
    for (boolean biased : new boolean[] {true, false}) {
      try (ParityTrial trial = ParityTrial.open(4)) {
        Pair input = trial.input(x, rows, in);
        Pair weight = trial.input(1 / Math.sqrt(in), w, outWidth, in);
        Pair bias = biased ? trial.input(w, outWidth) : null;
        Pair result = trial.output(out, rows, outWidth);

        trial.run(
            (ops, side) ->
                ops.linear(
                    side.of(input),
                    new Linear(side.of(weight), side.ofNullable(bias)),
                    activation,
                    side.of(result)));

        assertThat(trial.nmse(result)).isLessThan(limit(out));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 64, 32, NONE", "33, 256, 128, GELU_TANH", "3375, 512, 256, NONE"})
  void matchesReferenceInFp8(int rows, int in, int outWidth, Activation activation) {
    try (ParityTrial trial = ParityTrial.open(5)) {
      CudaOps gpu = trial.gpu();
      Pair input = trial.input(BF16, rows, in);
      Pair weight = trial.input(0.05, FP32, outWidth, in);
      Pair bias = trial.input(BF16, outWidth);
      Pair result = trial.output(BF16, rows, outWidth);
      try (Arena.Scope scope = gpu.workspace().scope()) {
        Tensor quantized = gpu.workspace().tensor(FP8_E4M3, outWidth, in);
        Tensor scale = gpu.workspace().tensor(FP32, outWidth);
        quantize(gpu, weight, quantized, scale);
        Linear fp8 = new Linear(quantized, bias.device(), scale);

        trial.run(
            (ops, side) -> {
              Linear full = new Linear(side.of(weight), side.of(bias));
              ops.linear(side.of(input), ops == gpu ? fp8 : full, activation, side.of(result));
            });

        assertThat(trial.nmse(result)).isLessThan(MAX_NMSE_FP8);
        requireNoStaleInput(gpu, input, fp8, result);
      }
    }
  }

  private static double limit(DType out) {
    return switch (out) {
      case BF16 -> MAX_NMSE_BF16;
      case FP16 -> MAX_NMSE_FP16;
      default -> MAX_NMSE_FP32;
    };
  }

  /** Inputs in FP8 are remembered; a changed input must not be taken for the old one. */
  private static void requireNoStaleInput(CudaOps gpu, Pair input, Linear fp8, Pair result) {
    gpu.fill(input.device(), 0);
    gpu.linear(input.device(), fp8, Activation.NONE, result.device());
    float[] zeros = ParityTrial.read(gpu, result.device());
    float[] bias = ParityTrial.read(gpu, requireNonNull(fp8.bias()));
    for (int i = 0; i < zeros.length; i++) {
      assertThat(zeros[i]).isEqualTo(bias[i % bias.length]);
    }
  }

  private static void quantize(CudaOps gpu, Pair weight, Tensor quantized, Tensor scale) {
    float[] values = ParityTrial.read(gpu, weight.device());
    int width = quantized.shape().extent(1);
    float[] scales = new float[quantized.shape().extent(0)];
    for (int row = 0; row < scales.length; row++) {
      float largest = 0;
      for (int i = 0; i < width; i++) {
        largest = Math.max(largest, Math.abs(values[row * width + i]));
      }
      scales[row] = largest / Fp8E4m3.LARGEST;
      for (int i = 0; i < width; i++) {
        values[row * width + i] /= scales[row];
      }
    }
    gpu.upload(values, 0, quantized);
    gpu.upload(scales, 0, scale);
  }
}
