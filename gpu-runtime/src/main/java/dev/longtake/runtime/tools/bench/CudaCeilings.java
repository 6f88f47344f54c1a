package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.cuda.AlgorithmChoice;
import dev.longtake.runtime.cuda.CublasLt;
import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaDriver;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.DeviceMemory;
import dev.longtake.runtime.cuda.GemmEpilogue;
import dev.longtake.runtime.cuda.GemmOperands;
import dev.longtake.runtime.cuda.GemmScales;
import dev.longtake.runtime.cuda.GemmShape;
import dev.longtake.runtime.cuda.GemmType;
import dev.longtake.runtime.cuda.NativeLibraries;
import dev.longtake.runtime.cuda.StreamTimer;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.engine.forecast.ForwardWork;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.DeviceBlock;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.ops.KvCache;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.ops.cuda.CudaOps;
import dev.longtake.runtime.ops.cuda.LargeAttention;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Tensor;
import java.util.SplittableRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Measures what a GPU can do at best: each kind of work alone, at a forward's shapes. */
final class CudaCeilings {
  private static final Logger LOG = LoggerFactory.getLogger(CudaCeilings.class);
  private static final int WARM_UPS = 20;
  private static final int REPEATS = 40;
  private static final double TERA_MILLIS = 1e9; // operations a millisecond to 10¹² a second
  private static final double GIGA_MILLIS = 1e6;
  private static final int POOL_ELEMENTS = 1 << 20;

  private final ForwardWork work;
  private final CublasLt products;
  private final CudaOps ops;
  private final CudaStream stream;
  private final Arena memory;
  private final StreamTimer timer;

  private CudaCeilings(
      ForwardWork work, CublasLt products, CudaOps ops, Arena memory, StreamTimer timer) {
    this.work = work;
    this.products = products;
    this.ops = ops;
    this.stream = ops.stream();
    this.memory = memory;
    this.timer = timer;
  }

  /** Measures on a GPU that nothing else runs on; takes memory for one layer's work. */
  static Ceilings measure(DeviceChoice choice, ForwardWork work) {
    long workspaceBytes = ScratchBytes.FIXED + ScratchBytes.PARTS + CublasLt.WORKSPACE_BYTES;
    NativeLibraries libraries = new NativeLibraries(null);
    AlgorithmChoice best = AlgorithmChoice.FASTEST;
    try (CudaContext context =
            CudaContext.open(CudaDriver.load().device(choice.gpu().orElseThrow()));
        DeviceBlock scratch = DeviceBlock.reserve(context, workspaceBytes);
        DeviceBlock block = DeviceBlock.reserve(context, operandBytes(work));
        CublasLt products =
            CublasLt.open(
                context,
                libraries,
                scratch
                    .memory()
                    .part(ScratchBytes.FIXED + ScratchBytes.PARTS, CublasLt.WORKSPACE_BYTES),
                best);
        CudaOps ops =
            CudaOps.open(
                context,
                libraries,
                best,
                choice.kvPrecision() == Precision.FP8 ? DType.FP8_E4M3 : DType.BF16,
                scratch.part(0, ScratchBytes.FIXED + ScratchBytes.PARTS));
        StreamTimer timer = StreamTimer.open(ops.stream())) {
      Arena memory = new Arena("ceilings", block);
      CudaCeilings ceilings = new CudaCeilings(work, products, ops, memory, timer);
      return new Ceilings(
          ceilings.gemmTflops(choice.precision()), ceilings.attentionTflops(), ceilings.copyGbps());
    }
  }

  private double gemmTflops(Precision precision) {
    int width = work.dit().width();
    int ffn = work.dit().ffnWidth();
    double millis =
        work.squares() * millisOf(width, width, precision)
            + work.ffns() * (millisOf(width, ffn, precision) + millisOf(ffn, width, precision));
    return work.gemmFlops() / millis / TERA_MILLIS;
  }

  private double millisOf(int in, int out, Precision precision) {
    boolean quantised = precision == Precision.FP8;
    DType dtype = quantised ? DType.FP8_E4M3 : DType.BF16;
    try (Arena.Scope scope = memory.scope()) {
      DeviceMemory x = random(dtype, work.tokens(), in);
      DeviceMemory weight = random(dtype, out, in);
      DeviceMemory result = random(DType.BF16, work.tokens(), out);
      GemmShape shape =
          new GemmShape(
              work.tokens(),
              in,
              out,
              quantised ? GemmType.FP8_FAST_SUMS : GemmType.BF16,
              quantised ? GemmScales.PER_ROW : GemmScales.NONE,
              GemmEpilogue.NONE);
      GemmOperands operands =
          quantised
              ? new GemmOperands(x, ones(work.tokens()), weight, ones(out), null, result)
              : GemmOperands.of(x, weight, null, result);
      return time(() -> products.multiply(stream, shape, operands));
    }
  }

  /** Measures on the form that keys and values are cached in; the faster one if there are two. */
  private double attentionTflops() {
    DitConfig dit = work.dit();
    int heads = dit.heads();
    int headWidth = dit.headWidth();
    try (Arena.Scope scope = memory.scope()) {
      Tensor q = tensor(DType.BF16, work.tokens(), heads, headWidth);
      Tensor out = tensor(DType.BF16, work.tokens(), heads, headWidth);
      KvRun cache = KvCache.allocate(memory, ops.cacheType(), work.keys(), heads, headWidth).all();
      try (Arena.Scope filling = memory.scope()) {
        ops.storeKeys(tensor(DType.BF16, work.keys(), heads, headWidth), cache);
      }
      try (Arena.Scope filling = memory.scope()) {
        ops.storeValues(tensor(DType.BF16, work.keys(), heads, headWidth), cache);
      }
      float scale = dit.attentionScale();
      double flops = 4.0 * work.tokens() * work.keys() * dit.width();
      if (cache.isPacked()) {
        return flops / time(() -> ops.attention(q, cache, scale, out)) / TERA_MILLIS;
      }
      double fastest = 0;
      for (LargeAttention choice : LargeAttention.values()) {
        ops.prefer(choice);
        double tflops = flops / time(() -> ops.attention(q, cache, scale, out)) / TERA_MILLIS;
        LOG.info("Attention to {} keys, {}: {} TFLOP/s", work.keys(), choice, Math.round(tflops));
        fastest = Math.max(fastest, tflops);
      }
      return fastest;
    }
  }

  private double copyGbps() {
    try (Arena.Scope scope = memory.scope()) {
      Tensor source = tensor(DType.BF16, work.keys(), work.dit().width());
      Tensor target = tensor(DType.BF16, work.keys(), work.dit().width());
      double millis = time(() -> ops.copy(source, target));
      return 2.0 * source.bytes() / millis / GIGA_MILLIS;
    }
  }

  private double time(Runnable run) {
    for (int i = 0; i < WARM_UPS; i++) {
      run.run();
    }
    return timer.millisOf(REPEATS, run);
  }

  private DeviceMemory random(DType dtype, int rows, int columns) {
    return DeviceTensor.of(tensor(dtype, rows, columns)).memory();
  }

  private DeviceMemory ones(int count) {
    Tensor ones = memory.tensor(DType.FP32, count);
    ops.fill(ones, 1f);
    return DeviceTensor.of(ones).memory();
  }

  /** Returns a tensor of normally distributed numbers: constants would draw less power. */
  private Tensor tensor(DType dtype, int... extents) {
    Tensor tensor = memory.tensor(dtype, extents);
    int elements = Math.toIntExact(tensor.shape().elements());
    SplittableRandom random = new SplittableRandom(elements);
    float[] pool = new float[Math.min(elements, POOL_ELEMENTS)];
    for (int i = 0; i < pool.length; i++) {
      pool[i] = (float) random.nextGaussian();
    }
    Tensor flat = tensor.reshape(elements);
    for (int first = 0; first < elements; first += pool.length) {
      ops.upload(pool, 0, flat.slice(first, Math.min(pool.length, elements - first)));
    }
    return tensor;
  }

  /** Returns enough for the largest of what is measured, with room for every tensor's alignment. */
  private static long operandBytes(ForwardWork work) {
    long width = work.dit().width();
    long ffn = work.dit().ffnWidth();
    long tokens = work.tokens();
    long product = 2 * (tokens * width + ffn * width + tokens * ffn);
    long attention = 2 * width * (2 * tokens + 3L * (work.keys() + KvCache.GROUP_TOKENS));
    return Math.max(product, attention) + 8 * (tokens + ffn) + 16L * Arena.ALIGNMENT_BYTES;
  }
}
