package dev.longtake.runtime.cuda;

import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;

/**
 * Work that was queued once and can be launched again as a whole, at the cost of one call.
 *
 * <p>Addresses and numbers are those of the capture: the memory must stay where it was.
 */
public final class CudaGraph implements AutoCloseable {
  private final CudaDevice device;
  private final CUgraph graph;
  private final CUgraphExec executable;
  private boolean closed;

  private CudaGraph(CudaDevice device, CUgraph graph, CUgraphExec executable) {
    this.device = device;
    this.graph = graph;
    this.executable = executable;
  }

  /**
   * Records what {@code work} queues on {@code stream}, without carrying it out; close the result.
   *
   * @param work must neither wait nor allocate, and must have run once before so that libraries
   *     have made their choices
   */
  public static CudaGraph capture(CudaStream stream, Runnable work) {
    CudaDevice device = stream.device();
    CudaException.check(
        JCudaDriver.cuStreamBeginCapture(
            stream.handle(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
        "cuStreamBeginCapture",
        device);
    CUgraph graph = new CUgraph();
    boolean queued = false;
    try {
      work.run();
      queued = true;
    } finally {
      int result = JCudaDriver.cuStreamEndCapture(stream.handle(), graph);
      if (queued) { // otherwise what work has thrown says more
        CudaException.check(result, "cuStreamEndCapture", device);
      }
    }
    return instantiate(device, graph);
  }

  /** Queues all of the work on {@code stream} and does not wait for it. */
  public void launch(CudaStream stream) {
    CudaException.check(
        JCudaDriver.cuGraphLaunch(executable, stream.handle()), "cuGraphLaunch", device);
  }

  /** Frees the graph; no launch of it may be pending. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      CudaException.check(JCudaDriver.cuGraphExecDestroy(executable), "cuGraphExecDestroy", device);
    } finally {
      CudaException.check(JCudaDriver.cuGraphDestroy(graph), "cuGraphDestroy", device);
    }
  }

  private static CudaGraph instantiate(CudaDevice device, CUgraph graph) {
    CUgraphExec executable = new CUgraphExec();
    int result = JCudaDriver.cuGraphInstantiate(executable, graph, 0);
    try {
      CudaException.check(result, "cuGraphInstantiate", device);
    } catch (CudaException e) {
      CudaException.check(JCudaDriver.cuGraphDestroy(graph), "cuGraphDestroy", device);
      throw e;
    }
    return new CudaGraph(device, graph, executable);
  }
}
