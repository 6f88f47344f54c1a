package dev.longtake.runtime.cuda;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Operations that cuDNN computes together, and the tensors they read and write.
 *
 * <p>Owns every descriptor that was made through it; plans made from it must be closed before.
 */
final class CudnnGraph implements AutoCloseable {
  /** What every address given to a plan must be a multiple of. */
  static final int ALIGNMENT_BYTES = 16;

  private final Cudnn cudnn;
  private final Deque<CudnnDescriptor> owned = new ArrayDeque<>();

  CudnnGraph(Cudnn cudnn) {
    this.cudnn = cudnn;
  }

  /**
   * Returns a tensor in device memory.
   *
   * @param id its number in this graph and in {@link CudnnPlan#execute}
   * @param dataType one of the data types in {@link CudnnCodes}
   * @param strides in elements, as many as extents
   */
  CudnnDescriptor tensor(long id, int dataType, long[] extents, long[] strides) {
    return describe(id, dataType, extents, strides).finish();
  }

  /** Returns a tensor that exists only between two operations. */
  CudnnDescriptor intermediate(long id, int dataType, long[] extents, long[] strides) {
    return describe(id, dataType, extents, strides).enable(CudnnCodes.TENSOR_IS_VIRTUAL).finish();
  }

  /**
   * Returns a single fp32 number, read from host memory when a plan is executed.
   *
   * @param rank how many extents of 1 it has
   */
  CudnnDescriptor scalar(long id, int rank) {
    long[] ones = new long[rank];
    Arrays.fill(ones, 1);
    return describe(id, CudnnCodes.DATA_FLOAT, ones, ones)
        .enable(CudnnCodes.TENSOR_IS_BY_VALUE)
        .finish();
  }

  /** Returns an object without attributes that this graph closes. */
  CudnnDescriptor create(int type) {
    CudnnDescriptor descriptor = CudnnDescriptor.create(cudnn, type);
    owned.push(descriptor);
    return descriptor;
  }

  /**
   * Returns the ways to compute the operations that always give the same bits, the most promising
   * first; the caller closes them.
   *
   * @param what the computation, for messages
   * @param workspaceBytes the most that a plan may need
   * @param most how many plans are wanted at most
   * @throws LongtakeException DEVICE_UNAVAILABLE if there is none
   */
  List<CudnnPlan> plans(String what, long workspaceBytes, int most, CudnnDescriptor... operations) {
    CudnnDescriptor graph =
        create(CudnnCodes.OPERATIONGRAPH)
            .handle(CudnnCodes.OPERATIONGRAPH_HANDLE)
            .descriptors(CudnnCodes.OPERATIONGRAPH_OPS, operations)
            .finish();
    List<CudnnPlan> plans = new ArrayList<>();
    String reason = "no engine";
    for (CudnnDescriptor config : configurations(graph)) {
      if (plans.size() == most) {
        break;
      }
      CudnnDescriptor plan = CudnnDescriptor.create(cudnn, CudnnCodes.EXECUTION_PLAN);
      plan.handle(CudnnCodes.EXECUTION_PLAN_HANDLE)
          .descriptors(CudnnCodes.EXECUTION_PLAN_ENGINE_CONFIG, config);
      if (!isDeterministic(config)) {
        reason = "the engines do not always give the same bits";
        plan.close();
      } else if (plan.tryFinish() != 0) {
        reason = cudnn.lastMessage();
        plan.close();
      } else if (plan.getInt64(CudnnCodes.EXECUTION_PLAN_WORKSPACE_SIZE) > workspaceBytes) {
        reason =
            "needs a workspace of %d bytes, more than %d"
                .formatted(plan.getInt64(CudnnCodes.EXECUTION_PLAN_WORKSPACE_SIZE), workspaceBytes);
        plan.close();
      } else {
        plans.add(new CudnnPlan(cudnn, plan));
      }
    }
    if (plans.isEmpty()) {
      throw new LongtakeException(
          ErrorCode.DEVICE_UNAVAILABLE,
          "cuDNN %d cannot compute %s: %s. Install a newer cuDNN 9."
              .formatted(cudnn.version(), what, reason));
    }
    return plans;
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) { // users before what they use
      owned.pop().close();
    }
  }

  private CudnnDescriptor describe(long id, int dataType, long[] extents, long[] strides) {
    return create(CudnnCodes.TENSOR)
        .int64(CudnnCodes.TENSOR_UNIQUE_ID, id)
        .enumerated(CudnnCodes.TENSOR_DATA_TYPE, CudnnCodes.TYPE_DATA_TYPE, dataType)
        .int64(CudnnCodes.TENSOR_BYTE_ALIGNMENT, ALIGNMENT_BYTES)
        .int64(CudnnCodes.TENSOR_DIMENSIONS, extents)
        .int64(CudnnCodes.TENSOR_STRIDES, strides);
  }

  private List<CudnnDescriptor> configurations(CudnnDescriptor graph) {
    List<CudnnDescriptor> configurations = new ArrayList<>();
    for (int mode : new int[] {CudnnCodes.HEUR_MODE_A, CudnnCodes.HEUR_MODE_FALLBACK}) {
      CudnnDescriptor heuristics =
          create(CudnnCodes.ENGINEHEUR)
              .descriptors(CudnnCodes.ENGINEHEUR_OPERATION_GRAPH, graph)
              .enumerated(CudnnCodes.ENGINEHEUR_MODE, CudnnCodes.TYPE_HEUR_MODE, mode);
      if (heuristics.tryFinish() != 0) {
        continue; // no proposal of this kind
      }
      CudnnDescriptor[] found =
          new CudnnDescriptor[heuristics.count(CudnnCodes.ENGINEHEUR_RESULTS)];
      for (int i = 0; i < found.length; i++) {
        found[i] = create(CudnnCodes.ENGINECFG);
      }
      if (found.length > 0) {
        int filled = heuristics.fill(CudnnCodes.ENGINEHEUR_RESULTS, found);
        configurations.addAll(Arrays.asList(found).subList(0, Math.min(filled, found.length)));
      }
    }
    return configurations;
  }

  private boolean isDeterministic(CudnnDescriptor config) {
    CudnnDescriptor engine = create(CudnnCodes.ENGINE);
    config.fill(CudnnCodes.ENGINECFG_ENGINE, engine);
    int[] notes =
        engine.getEnumerated(
            CudnnCodes.ENGINE_NUMERICAL_NOTE,
            CudnnCodes.TYPE_NUMERICAL_NOTE,
            CudnnCodes.NUMERICAL_NOTE_COUNT);
    return Arrays.stream(notes)
        .noneMatch(note -> note == CudnnCodes.NUMERICAL_NOTE_NONDETERMINISTIC);
  }
}
