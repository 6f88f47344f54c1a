package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Convolutions of channels-last bf16 tensors by cuDNN, with sums in fp32.
 *
 * <p>Used by one thread. The plan of a shape is made once, which takes up to seconds, and kept.
 */
public final class CudnnConvolution implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CudnnConvolution.class);
  private static final int MOST_PLANS = 8;
  private static final int TRIALS = 3;

  private final Cudnn cudnn;
  private final DeviceMemory workspace;
  private final AlgorithmChoice choice;
  private final Map<ConvolutionShape, Prepared> prepared = new HashMap<>();

  /**
   * Creates a convolution without plans.
   *
   * @param workspace for the library's use, aligned to 256 bytes; belongs to the calls queued on
   *     one stream at a time; must outlive this, as must {@code cudnn}
   */
  public CudnnConvolution(Cudnn cudnn, DeviceMemory workspace, AlgorithmChoice choice) {
    this.cudnn = cudnn;
    this.workspace = workspace;
    this.choice = choice;
  }

  /**
   * Queues a convolution and does not wait for it. All addresses are aligned to 16 bytes.
   *
   * @param x bf16 [frames, rows, columns, inChannels]
   * @param weight bf16 [outChannels, kernelT, kernelH, kernelW, inChannels]
   * @param bias bf16 [outChannels], or null if the shape has none
   * @param out bf16 [outFrames, outRows, outColumns, outChannels]; overlaps nothing
   * @throws dev.longtake.runtime.api.LongtakeException DEVICE_UNAVAILABLE if the library cannot
   *     compute it with this workspace
   */
  public void convolve(
      CudaStream stream,
      ConvolutionShape shape,
      DeviceMemory x,
      DeviceMemory weight,
      @Nullable DeviceMemory bias,
      DeviceMemory out) {
    requireBytes("x", x, shape.inputBytes(), shape);
    requireBytes("weight", weight, shape.weightBytes(), shape);
    requireBytes("bias", bias, shape.biasBytes(), shape);
    requireBytes("out", out, shape.outputBytes(), shape);
    long[] addresses =
        bias == null
            ? new long[] {x.address(), weight.address(), out.address()}
            : new long[] {x.address(), weight.address(), out.address(), bias.address()};
    Prepared chosen = prepared.get(shape);
    if (chosen == null) {
      chosen = prepare(stream, shape, addresses);
      prepared.put(shape, chosen);
    }
    chosen.execute(stream, addresses, workspace);
  }

  @Override
  public void close() {
    prepared.values().forEach(Prepared::close);
    prepared.clear();
  }

  private Prepared prepare(CudaStream stream, ConvolutionShape shape, long[] addresses) {
    ConvolutionGraph graph = new ConvolutionGraph(cudnn, shape);
    List<CudnnPlan> plans = new ArrayList<>();
    try {
      int most = choice == AlgorithmChoice.FIRST ? 1 : MOST_PLANS;
      plans.addAll(graph.plans(workspace.bytes(), most));
      CudnnPlan best = plans.size() == 1 ? plans.get(0) : fastest(stream, plans, shape, addresses);
      plans.remove(best);
      return new Prepared(graph, best);
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    } finally {
      plans.forEach(CudnnPlan::close);
    }
  }

  private CudnnPlan fastest(
      CudaStream stream, List<CudnnPlan> plans, ConvolutionShape shape, long[] addresses) {
    CudnnPlan best = plans.get(0);
    double bestMillis = Double.POSITIVE_INFINITY;
    double firstMillis = 0;
    try (StreamTimer timer = StreamTimer.open(stream)) {
      for (CudnnPlan plan : plans) {
        Runnable trial =
            () ->
                plan.execute(stream, ConvolutionGraph.ids(addresses.length), addresses, workspace);
        trial.run(); // the first run may load the kernel
        double millis = timer.millisOf(TRIALS, trial);
        if (plan.equals(plans.get(0))) {
          firstMillis = millis;
        }
        if (millis < bestMillis) {
          best = plan;
          bestMillis = millis;
        }
      }
    }
    LOG.debug(
        "{}: plan {} of {}, {} ms; the first took {} ms",
        shape,
        plans.indexOf(best),
        plans.size(),
        bestMillis,
        firstMillis);
    return best;
  }

  private static void requireBytes(
      String name, @Nullable DeviceMemory memory, long bytes, ConvolutionShape shape) {
    long found = memory == null ? 0 : memory.bytes();
    checkArgument(
        found == bytes, "%s must have %s bytes for %s, but has %s", name, bytes, shape, found);
  }

  private record Prepared(ConvolutionGraph graph, CudnnPlan plan) {
    void execute(CudaStream stream, long[] addresses, DeviceMemory workspace) {
      plan.execute(stream, ConvolutionGraph.ids(addresses.length), addresses, workspace);
    }

    void close() {
      plan.close();
      graph.close();
    }
  }
}
