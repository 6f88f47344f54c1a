package dev.longtake.runtime.cuda;

import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs this package's parts at the model's real sizes on the first GPU, and logs whether the
 * results are right and how fast they came. Ends with an exception if one is wrong.
 *
 * <p>A main program, because the GPU's machine may have no Maven; {@code XGpuTest} are the tests.
 */
public final class CudaSelfCheck {
  private static final Logger LOG = LoggerFactory.getLogger(CudaSelfCheck.class);

  private static final int TOKENS = 3375;
  private static final int KEYS = 16278;
  private static final int WARM_UPS = 5;
  private static final int RUNS = 20;

  /** Rounding a result to bf16 costs at most 1.2e-5; the rest is for sums in another order. */
  private static final double BF16_NMSE = 2e-5;

  /** fp32 sums of 13824 products, each rounded to 2^-24 of the sum so far. */
  private static final double FP32_NMSE = 1e-10;

  /** Sums in the tensor cores' own registers keep 13 bits behind the point. */
  private static final double FAST_NMSE = 1e-3;

  /** Probabilities are rounded to bf16 before they multiply v. */
  private static final double ATTENTION_NMSE = 5e-5;

  private final Set<String> failures = new TreeSet<>();

  private CudaSelfCheck() {}

  /** Runs everything. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT);
    CudaSelfCheck test = new CudaSelfCheck();
    test.devices();
    test.products(GemmType.BF16, GemmScales.NONE, GemmEpilogue.NONE, BF16_NMSE);
    test.products(GemmType.BF16, GemmScales.NONE, GemmEpilogue.BIAS_GELU_TANH, BF16_NMSE);
    test.products(GemmType.FP8_TO_BF16, GemmScales.PER_TENSOR, GemmEpilogue.BIAS, BF16_NMSE);
    test.products(GemmType.FP8_TO_BF16, GemmScales.PER_ROW, GemmEpilogue.NONE, BF16_NMSE);
    test.products(GemmType.FP8_TO_BF16, GemmScales.PER_ROW, GemmEpilogue.BIAS, BF16_NMSE);
    test.products(GemmType.FP8_TO_BF16, GemmScales.PER_ROW, GemmEpilogue.BIAS_GELU_TANH, BF16_NMSE);
    test.products(GemmType.FP8_FAST_SUMS, GemmScales.PER_ROW, GemmEpilogue.BIAS, FAST_NMSE);
    test.product(GemmShape.of(32, 5120, 5120, GemmType.FP32, GemmEpilogue.BIAS), FP32_NMSE);
    test.product(GemmShape.of(7, 5120, 100, GemmType.BF16_TO_FP32, GemmEpilogue.NONE), FP32_NMSE);
    test.attentions();
    test.convolutions();
    if (!test.failures.isEmpty()) {
      throw new IllegalStateException("Failed: " + test.failures);
    }
    LOG.info("All passed");
  }

  private void devices() {
    CudaDriver driver = CudaDriver.load();
    LOG.info("CUDA {}: {}", driver.version(), driver.devices());
    try (Gpu gpu = Gpu.open();
        Nvml nvml = Nvml.open(new NativeLibraries(null))) {
      CudaDevice device = gpu.context().device();
      LOG.info(
          "free {} bytes, in use {} bytes, {} % busy",
          gpu.context().freeBytes(), nvml.usedBytes(device), nvml.utilisationPercent(device));
      DeviceMemory memory = gpu.allocate(1L << 30);
      DeviceMemory half = memory.part(0, 1L << 29);
      timed(gpu, "device copy, GB/s", 2e-6 * half.bytes(), () -> copyHalf(gpu, memory));
    }
  }

  private static void copyHalf(Gpu gpu, DeviceMemory memory) {
    long half = memory.bytes() / 2;
    gpu.stream().copy(memory.part(0, half), memory.part(half, half));
  }

  private void products(GemmType type, GemmScales scales, GemmEpilogue epilogue, double limit) {
    product(new GemmShape(TOKENS, 5120, 5120, type, scales, epilogue), limit);
    product(new GemmShape(TOKENS, 5120, 13824, type, scales, epilogue), limit);
    product(new GemmShape(TOKENS, 13824, 5120, type, scales, epilogue), limit);
  }

  private void product(GemmShape shape, double limit) {
    String name = shape.toString();
    try (Gpu gpu = Gpu.open();
        CublasLt first = open(gpu, AlgorithmChoice.FIRST);
        CublasLt fastest = open(gpu, AlgorithmChoice.FASTEST)) {
      GemmTrial trial = new GemmTrial(gpu, shape);
      first.multiply(gpu.stream(), shape, trial.operands());
      verdict(name, trial.nmse(), limit);
      int bits = trial.row(0).hashCode();
      double flops = shape.flops() * 1e-9;
      timed(
          gpu,
          "TFLOP/s, first",
          flops,
          () -> first.multiply(gpu.stream(), shape, trial.operands()));
      fastest.multiply(gpu.stream(), shape, trial.operands());
      boolean same = bits == trial.row(0).hashCode();
      timed(
          gpu,
          "TFLOP/s, fastest, same bits " + same,
          flops,
          () -> fastest.multiply(gpu.stream(), shape, trial.operands()));
    } catch (RuntimeException e) {
      failed(name, e);
    }
  }

  private static CublasLt open(Gpu gpu, AlgorithmChoice choice) {
    return CublasLt.open(
        gpu.context(), new NativeLibraries(null), gpu.allocate(CublasLt.WORKSPACE_BYTES), choice);
  }

  private void attentions() {
    try (Gpu gpu = Gpu.open();
        Cudnn cudnn = Cudnn.open(gpu.context(), new NativeLibraries(null));
        CudnnAttention attention = new CudnnAttention(cudnn, gpu.allocate(256L << 20))) {
      attention(gpu, attention, new AttentionShape(TOKENS, KEYS, 40, 128));
      attention(gpu, attention, new AttentionShape(TOKENS, 13500, 40, 128));
      attention(gpu, attention, new AttentionShape(TOKENS, 512, 40, 128));
      attention(gpu, attention, new AttentionShape(7, 33, 3, 128));
      attention(gpu, attention, new AttentionShape(1000, 1000, 16, 64));
    } catch (RuntimeException e) {
      failed("cuDNN", e);
    }
  }

  private void attention(Gpu gpu, CudnnAttention attention, AttentionShape shape) {
    String name = shape.toString();
    try {
      AttentionTrial trial = new AttentionTrial(gpu, shape);
      trial.clear();
      long began = System.nanoTime();
      LOG.info("{} needs {} bytes of workspace", name, attention.prepare(shape));
      LOG.info("prepared in {} ms", (System.nanoTime() - began) / 1_000_000);
      trial.run(attention);
      verdict(name, trial.nmse(), ATTENTION_NMSE);
      int bits = trial.fingerprint();
      timed(gpu, "TFLOP/s", shape.flops() * 1e-9, () -> trial.run(attention));
      verdict(name + " again, other bits", bits == trial.fingerprint() ? 0 : 1, 0.5);
    } catch (RuntimeException e) {
      failed(name, e);
    }
  }

  private void convolutions() {
    try (Gpu gpu = Gpu.open();
        Cudnn cudnn = Cudnn.open(gpu.context(), new NativeLibraries(null));
        CudnnConvolution convolution =
            new CudnnConvolution(cudnn, gpu.allocate(1L << 30), AlgorithmChoice.FASTEST)) {
      for (int biased = 0; biased < 2; biased++) {
        convolution(gpu, convolution, inTime(6, 400, 720, 96, 96, biased == 1));
        convolution(gpu, convolution, inTime(6, 200, 360, 192, 192, biased == 1));
        convolution(gpu, convolution, inTime(4, 100, 180, 384, 384, biased == 1));
        convolution(
            gpu,
            convolution,
            new ConvolutionShape(4, 400, 720, 192, 96, 1, 3, 3, 1, 1, 1, 1, 1, biased == 1));
      }
    } catch (RuntimeException e) {
      failed("cuDNN", e);
    }
  }

  private static ConvolutionShape inTime(
      int frames, int rows, int columns, int in, int out, boolean biased) {
    return new ConvolutionShape(frames, rows, columns, in, out, 3, 3, 3, 1, 1, 1, 1, 1, biased);
  }

  private void convolution(Gpu gpu, CudnnConvolution convolution, ConvolutionShape shape) {
    String name = shape.toString();
    try {
      ConvolutionTrial trial = new ConvolutionTrial(gpu, shape);
      trial.run(convolution);
      verdict(name, trial.nmse(), BF16_NMSE);
      timed(gpu, "TFLOP/s", shape.flops() * 1e-9, () -> trial.run(convolution));
    } catch (RuntimeException e) {
      failed(name, e);
    }
  }

  private void timed(Gpu gpu, String unit, double workPerMillisecond, Runnable work) {
    try (StreamTimer timer = StreamTimer.open(gpu.stream())) {
      for (int i = 0; i < WARM_UPS; i++) {
        work.run();
      }
      double millis = timer.millisOf(RUNS, work);
      LOG.info(String.format("    %.3f ms, %.0f %s", millis, workPerMillisecond / millis, unit));
    }
  }

  private void verdict(String name, double nmse, double limit) {
    boolean passed = nmse <= limit; // false for NaN
    LOG.info("{} {} error {} limit {}", passed ? "PASS" : "FAIL", name, nmse, limit);
    if (!passed) {
      failures.add(name);
    }
  }

  private void failed(String name, RuntimeException e) {
    LOG.error("FAIL {}", name, e);
    failures.add(name);
  }
}
