package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.HashMap;
import java.util.Map;

/**
 * Attention softmax(scale·q·kᵀ)·v by cuDNN, in bf16 with sums in fp32, without mask or bias.
 *
 * <p>Used by one thread. The plan of a shape is made once, which takes up to seconds, and kept.
 */
public final class CudnnAttention implements AutoCloseable {
  /** The first version whose attention is one operation and takes any number of keys. */
  private static final long MIN_VERSION = 91301;

  private static final long[] IDS = {1, 2, 3, 4, 5};
  private static final int BF16 = CudnnCodes.DATA_BFLOAT16;

  private final Cudnn cudnn;
  private final DeviceMemory workspace;
  private final Memory scaleOnHost = new Memory(Float.BYTES);
  private final Map<AttentionShape, Prepared> prepared = new HashMap<>();

  /**
   * Creates an attention without plans.
   *
   * @param workspace for the library's use, aligned to 256 bytes; belongs to the calls queued on
   *     one stream at a time; must outlive this, as must {@code cudnn}
   */
  public CudnnAttention(Cudnn cudnn, DeviceMemory workspace) {
    this.cudnn = cudnn;
    this.workspace = workspace;
  }

  /** Returns whether the loaded version of cuDNN is new enough: 9.13.1. */
  public static boolean isSupportedBy(Cudnn cudnn) {
    return cudnn.version() >= MIN_VERSION;
  }

  /**
   * Makes the plan of a shape, so that {@link #attend} only queues, and returns the bytes of
   * workspace it needs.
   *
   * @throws dev.longtake.runtime.api.LongtakeException DEVICE_UNAVAILABLE if the library cannot
   *     compute it with this workspace
   */
  public long prepare(AttentionShape shape) {
    return prepared.computeIfAbsent(shape, this::plan).plan.workspaceBytes();
  }

  /**
   * Queues out = softmax(scale·q·kᵀ)·v, head by head, and does not wait for it.
   *
   * @param q bf16 [queries, heads, headWidth], aligned to 16 bytes, as are all
   * @param k bf16 [keys, heads, headWidth]
   * @param v as {@code k}
   * @param out as {@code q}; overlaps nothing
   */
  public void attend(
      CudaStream stream,
      AttentionShape shape,
      DeviceMemory q,
      DeviceMemory k,
      DeviceMemory v,
      float scale,
      DeviceMemory out) {
    requireBytes("q", q, shape.queryBytes(), shape);
    requireBytes("k", k, shape.keyBytes(), shape);
    requireBytes("v", v, shape.keyBytes(), shape);
    requireBytes("out", out, shape.queryBytes(), shape);
    prepare(shape);
    scaleOnHost.setFloat(0, scale); // read during the call
    long[] addresses = {
      q.address(), k.address(), v.address(), out.address(), Pointer.nativeValue(scaleOnHost)
    };
    prepared.get(shape).plan.execute(stream, IDS, addresses, workspace);
  }

  @Override
  public void close() {
    prepared.values().forEach(Prepared::close);
    prepared.clear();
  }

  private Prepared plan(AttentionShape shape) {
    CudnnGraph graph = new CudnnGraph(cudnn);
    try {
      CudnnDescriptor attention =
          graph
              .create(CudnnCodes.OPERATION_SDPA_FWD)
              .descriptors(
                  CudnnCodes.OPERATION_SDPA_FWD_QDESC, tokens(graph, 1, shape, shape.queries()))
              .descriptors(
                  CudnnCodes.OPERATION_SDPA_FWD_KDESC, tokens(graph, 2, shape, shape.keys()))
              .descriptors(
                  CudnnCodes.OPERATION_SDPA_FWD_VDESC, tokens(graph, 3, shape, shape.keys()))
              .descriptors(
                  CudnnCodes.OPERATION_SDPA_FWD_ODESC, tokens(graph, 4, shape, shape.queries()))
              .descriptors(CudnnCodes.OPERATION_SDPA_FWD_SCALEDESC, graph.scalar(5, 4))
              .finish();
      CudnnPlan plan = graph.plans(shape.toString(), workspace.bytes(), 1, attention).get(0);
      return new Prepared(graph, plan);
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }

  /** Describes [S, N, D] in memory as the [1, N, S, D] that the library wants. */
  private static CudnnDescriptor tokens(
      CudnnGraph graph, long id, AttentionShape shape, int tokens) {
    long heads = shape.heads();
    long width = shape.headWidth();
    return graph.tensor(
        id,
        BF16,
        new long[] {1, heads, tokens, width},
        new long[] {tokens * heads * width, width, heads * width, 1});
  }

  private static void requireBytes(
      String name, DeviceMemory memory, long bytes, AttentionShape shape) {
    checkArgument(
        memory.bytes() == bytes,
        "%s must have %s bytes for %s, but has %s",
        name,
        bytes,
        shape,
        memory.bytes());
  }

  private record Prepared(CudnnGraph graph, CudnnPlan plan) {
    void close() {
      plan.close();
      graph.close();
    }
  }
}
