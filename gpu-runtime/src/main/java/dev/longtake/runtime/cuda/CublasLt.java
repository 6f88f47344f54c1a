package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import dev.longtake.runtime.api.LongtakeException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Matrix products by cuBLASLt, the same bits for the same algorithm in every run: sums that were
 * split are added in order.
 *
 * <p>Used by one thread, whose current context must be the one this was opened in. What the library
 * says about a shape is asked once and kept, so that the second product of a shape costs a launch
 * only and can be captured into a {@link CudaGraph}.
 */
public final class CublasLt implements AutoCloseable {
  /** What NVIDIA recommends as workspace for Hopper; enough for every GPU. */
  public static final long WORKSPACE_BYTES = 32L << 20;

  private static final Logger LOG = LoggerFactory.getLogger(CublasLt.class);
  private static final List<String> FILES = List.of("libcublasLt.so.13", "libcublasLt.so.12");
  private static final String ADVICE =
      "Install cuBLAS 12 or 13 (package libcublas-13-0 or libcublas-12-9, or a CUDA toolkit)";
  private static final int SUCCESS = 0;
  private static final int TRIALS = 3;

  private final CublasLtLibrary library;
  private final long handle;
  private final String where;
  private final DeviceMemory workspace;
  private final AlgorithmChoice choice;
  private final Map<Key, Chosen> plans = new HashMap<>();

  private CublasLt(
      CublasLtLibrary library,
      long handle,
      String where,
      DeviceMemory workspace,
      AlgorithmChoice choice) {
    this.library = library;
    this.handle = handle;
    this.where = where;
    this.workspace = workspace;
    this.choice = choice;
  }

  /**
   * Loads the library; close the result.
   *
   * @param workspace {@link #WORKSPACE_BYTES} for intermediate sums, aligned to 256 bytes; must
   *     outlive this, and belongs to the products queued on one stream at a time
   * @throws LongtakeException DEVICE_UNAVAILABLE if there is no library or it does not start
   */
  public static CublasLt open(
      CudaContext context,
      NativeLibraries libraries,
      DeviceMemory workspace,
      AlgorithmChoice choice) {
    context.makeCurrent();
    CublasLtLibrary library = libraries.load(CublasLtLibrary.class, FILES, ADVICE);
    String where = context.device().toString();
    LongByReference handle = new LongByReference();
    int status = library.cublasLtCreate(handle);
    if (status != SUCCESS) {
      throw CudaException.of(
          status, library.cublasLtGetStatusName(status), "cublasLtCreate", where, "");
    }
    LOG.info("cuBLASLt {} on {}", library.cublasLtGetVersion(), where);
    return new CublasLt(library, handle.getValue(), where, workspace, choice);
  }

  /** Returns the library's version, for example 130100 for 13.1.0. */
  public long version() {
    return library.cublasLtGetVersion();
  }

  /** Queues out = epilogue(x·Wᵀ) and does not wait for it; see {@link GemmOperands}. */
  public void multiply(CudaStream stream, GemmShape shape, GemmOperands operands) {
    operands.require(shape);
    Key key = new Key(shape, operands.alignmentBytes());
    Chosen chosen = plans.get(key);
    if (chosen == null) {
      chosen = choose(stream, shape, operands);
      plans.put(key, chosen);
    }
    chosen.plan.multiply(stream, operands, 0f, chosen.algorithm, workspace);
  }

  /**
   * Queues out = out + x·Wᵀ and does not wait for it.
   *
   * @param shape with an epilogue that does nothing or adds a bias
   */
  public void multiplyAndAdd(CudaStream stream, GemmShape shape, GemmOperands operands) {
    operands.require(shape);
    checkArgument(
        shape.epilogue() == GemmEpilogue.NONE || shape.epilogue() == GemmEpilogue.BIAS,
        "cannot add to the result before %s",
        shape.epilogue());
    Key key = new Key(shape, operands.alignmentBytes());
    Chosen chosen = plans.get(key);
    if (chosen == null) { // without trials, each of which would add
      GemmPlan plan = new GemmPlan(library, handle, where, shape);
      chosen = new Chosen(plan, plan.algorithms(operands, workspace.bytes()).get(0));
      plans.put(key, chosen);
    }
    chosen.plan.multiply(stream, operands, 1f, chosen.algorithm, workspace);
  }

  /** Returns whether this library and GPU can compute a shape. */
  public boolean supports(GemmShape shape) {
    try (GemmPlan plan = new GemmPlan(library, handle, where, shape)) {
      GemmOperands somewhere = GemmOperands.at(workspace.address(), shape);
      return plan.algorithms(somewhere, workspace.bytes()).count() > 0;
    } catch (LongtakeException e) {
      LOG.debug("Not supported: {}", e.getMessage());
      return false;
    }
  }

  /** Frees the library's handle and what was kept about shapes; nothing may be pending. */
  @Override
  public void close() {
    plans.values().forEach(chosen -> chosen.plan.close());
    plans.clear();
    library.cublasLtDestroy(handle);
  }

  static void check(
      CublasLtLibrary library, int status, String call, String where, GemmShape shape) {
    if (status != SUCCESS) {
      throw CudaException.of(
          status, library.cublasLtGetStatusName(status), call, where, shape.toString());
    }
  }

  private Chosen choose(CudaStream stream, GemmShape shape, GemmOperands operands) {
    GemmPlan plan = new GemmPlan(library, handle, where, shape);
    GemmAlgorithms algorithms = plan.algorithms(operands, workspace.bytes());
    int best = choice == AlgorithmChoice.FIRST ? 0 : fastest(stream, plan, algorithms, operands);
    return new Chosen(plan, algorithms.get(best));
  }

  private int fastest(
      CudaStream stream, GemmPlan plan, GemmAlgorithms algorithms, GemmOperands operands) {
    int best = 0;
    double bestMillis = Double.POSITIVE_INFINITY;
    double firstMillis = 0;
    try (StreamTimer timer = StreamTimer.open(stream)) {
      for (int i = 0; i < algorithms.count(); i++) {
        Pointer algorithm = algorithms.get(i);
        Runnable trial = () -> plan.multiply(stream, operands, 0f, algorithm, workspace);
        trial.run(); // the first run may load the kernel
        double millis = timer.millisOf(TRIALS, trial);
        if (i == 0) {
          firstMillis = millis;
        }
        if (millis < bestMillis) {
          best = i;
          bestMillis = millis;
        }
      }
    }
    if (LOG.isDebugEnabled()) {
      LOG.debug(
          String.format(
              Locale.ROOT,
              "%s: algorithm %d of %d, %.3f ms, %.0f TFLOP/s; the first took %.3f ms",
              plan.shape(),
              best,
              algorithms.count(),
              bestMillis,
              plan.shape().flops() / bestMillis / 1e9,
              firstMillis));
    }
    return best;
  }

  private record Key(GemmShape shape, int alignmentBytes) {}

  private record Chosen(GemmPlan plan, Pointer algorithm) {}
}
