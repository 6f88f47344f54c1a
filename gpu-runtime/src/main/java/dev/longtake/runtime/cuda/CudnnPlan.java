package dev.longtake.runtime.cuda;

/** One way to compute a {@link CudnnGraph}, compiled for the GPU. */
final class CudnnPlan implements AutoCloseable {
  private final Cudnn cudnn;
  private final CudnnDescriptor plan;
  private final long workspaceBytes;

  CudnnPlan(Cudnn cudnn, CudnnDescriptor plan) {
    this.cudnn = cudnn;
    this.plan = plan;
    this.workspaceBytes = plan.getInt64(CudnnCodes.EXECUTION_PLAN_WORKSPACE_SIZE);
  }

  long workspaceBytes() {
    return workspaceBytes;
  }

  /**
   * Queues the computation and does not wait for it.
   *
   * @param ids the numbers of all tensors in memory
   * @param addresses where they are, in the order of {@code ids}
   * @param workspace at least {@link #workspaceBytes()}
   */
  void execute(CudaStream stream, long[] ids, long[] addresses, DeviceMemory workspace) {
    cudnn.use(stream);
    try (CudnnDescriptor pack = CudnnDescriptor.create(cudnn, CudnnCodes.VARIANT_PACK)) {
      pack.int64(CudnnCodes.VARIANT_PACK_UNIQUE_IDS, ids)
          .pointers(CudnnCodes.VARIANT_PACK_DATA_POINTERS, addresses)
          .pointers(CudnnCodes.VARIANT_PACK_WORKSPACE, workspace.address())
          .finish();
      int status =
          cudnn.library().cudnnBackendExecute(cudnn.handle(), plan.address(), pack.address());
      cudnn.check(status, "cudnnBackendExecute", "");
    }
  }

  @Override
  public void close() {
    plan.close();
  }
}
