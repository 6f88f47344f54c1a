package dev.longtake.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products, attention and convolutions by NVIDIA's libraries, against sums in fp64. */
@Tag("gpu")
class LibrariesGpuTest {
  /** Rounding a result to bf16 costs at most 1.2e-5; the rest is for sums in another order. */
  private static final double BF16_NMSE = 2e-5;

  /** Probabilities are rounded to bf16 before they multiply v. */
  private static final double ATTENTION_NMSE = 5e-5;

  @ParameterizedTest
  @CsvSource({
    "1, 64, 32, BF16, NONE, NONE",
    "7, 40, 24, BF16, NONE, BIAS",
    "3, 33, 5, BF16, NONE, BIAS",
    "3375, 256, 512, BF16, NONE, BIAS_GELU_TANH",
    "5, 100, 60, FP32, NONE, BIAS",
    "33, 128, 48, BF16_TO_FP32, NONE, NONE",
    "16, 128, 48, FP8_TO_BF16, PER_TENSOR, NONE",
    "7, 256, 112, FP8_TO_BF16, PER_ROW, BIAS",
    "1, 256, 112, FP8_TO_BF16, PER_ROW, NONE",
    "3375, 512, 256, FP8_TO_BF16, PER_ROW, BIAS_GELU_TANH",
    "3375, 512, 256, FP8_FAST_SUMS, PER_ROW, BIAS_GELU_TANH",
  })
  void multiplies(
      int rows, int in, int out, GemmType type, GemmScales scales, GemmEpilogue epilogue) {
    try (Gpu gpu = Gpu.open();
        CublasLt blas =
            CublasLt.open(
                gpu.context(),
                new NativeLibraries(null),
                gpu.allocate(CublasLt.WORKSPACE_BYTES),
                AlgorithmChoice.FIRST)) {
      GemmShape shape = new GemmShape(rows, in, out, type, scales, epilogue);
      GemmTrial trial = new GemmTrial(gpu, shape);

      blas.multiply(gpu.stream(), shape, trial.operands());

      assertThat(trial.nmse()).isLessThan(BF16_NMSE);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1, 128", "7, 33, 3, 128", "200, 513, 4, 64", "3375, 512, 40, 128"})
  void attends(int queries, int keys, int heads, int headWidth) {
    try (Gpu gpu = Gpu.open();
        Cudnn cudnn = Cudnn.open(gpu.context(), new NativeLibraries(null));
        CudnnAttention attention = new CudnnAttention(cudnn, gpu.allocate(64L << 20))) {
      AttentionTrial trial =
          new AttentionTrial(gpu, new AttentionShape(queries, keys, heads, headWidth));

      trial.run(attention);
      double nmse = trial.nmse();
      int bits = trial.fingerprint();
      trial.clear();
      trial.run(attention);

      assertThat(nmse).isLessThan(ATTENTION_NMSE);
      assertThat(trial.fingerprint()).isEqualTo(bits);
    }
  }

  @ParameterizedTest
  @CsvSource({"3, 16, 24, 32, 16, 3, 3, false", "1, 9, 11, 16, 32, 1, 3, true"})
  void convolves(
      int frames, int rows, int columns, int in, int out, int overTime, int side, boolean biased) {
    try (Gpu gpu = Gpu.open();
        Cudnn cudnn = Cudnn.open(gpu.context(), new NativeLibraries(null));
        CudnnConvolution convolution =
            new CudnnConvolution(cudnn, gpu.allocate(256L << 20), AlgorithmChoice.FIRST)) {
      ConvolutionTrial trial =
          new ConvolutionTrial(
              gpu,
              new ConvolutionShape(
                  frames, rows, columns, in, out, overTime, side, side, 1, 1, 1, 1, 1, biased));

      trial.run(convolution);

      assertThat(trial.nmse()).isLessThan(BF16_NMSE);
    }
  }

  @Test
  void canBeCapturedIntoAGraph() {
    try (Gpu gpu = Gpu.open();
        Cudnn cudnn = Cudnn.open(gpu.context(), new NativeLibraries(null));
        CudnnAttention attention = new CudnnAttention(cudnn, gpu.allocate(64L << 20))) {
      AttentionTrial trial = new AttentionTrial(gpu, new AttentionShape(200, 513, 4, 128));
      trial.run(attention);
      int bits = trial.fingerprint();
      trial.clear();

      try (CudaGraph graph = CudaGraph.capture(gpu.stream(), () -> trial.run(attention))) {
        graph.launch(gpu.stream());

        assertThat(trial.fingerprint()).isEqualTo(bits);
      }
    }
  }

  @Test
  void addsToWhatIsThere() {
    try (Gpu gpu = Gpu.open();
        CublasLt blas =
            CublasLt.open(
                gpu.context(),
                new NativeLibraries(null),
                gpu.allocate(CublasLt.WORKSPACE_BYTES),
                AlgorithmChoice.FIRST)) {
      GemmShape shape = GemmShape.of(4, 64, 32, GemmType.FP32, GemmEpilogue.NONE);
      GemmTrial trial = new GemmTrial(gpu, shape);
      blas.multiply(gpu.stream(), shape, trial.operands());
      float once = trial.row(0).getFloat(0);

      blas.multiplyAndAdd(gpu.stream(), shape, trial.operands());

      assertThat(trial.row(0).getFloat(0)).isEqualTo(2 * once);
    }
  }
}
