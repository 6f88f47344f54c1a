package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.tensor.DType;

/**
 * What is the same for all GPUs, so that those on paper are planned for like those that are there.
 */
interface GpuDevice extends ComputeDevice {
  /** What driver and libraries take for their code: on an H200 0.53 GiB was measured. */
  long DRIVER_BYTES = 576L << 20;

  /** Each page of 4 KiB has an entry of 8 bytes in the GPU's tables; measured, too. */
  long PINNED_BYTES_PER_TABLE_BYTE = 512;

  @Override
  default DType activationType() {
    return DType.BF16;
  }

  /**
   * fp16: as fast as the official code's bf16, with an eighth of its rounding error. The price is
   * the range: what is larger than 65504 is stored as 65504 and shows as a wrong colour.
   */
  @Override
  default DType vaeType() {
    return DType.FP16;
  }

  /** fp32: rounding adds up over its layers, and speech is a small part of the work. */
  @Override
  default DType speechType() {
    return DType.FP32;
  }

  @Override
  default long driverBytes(long pinnedBytes) {
    return DRIVER_BYTES + pinnedBytes / PINNED_BYTES_PER_TABLE_BYTE;
  }

  @Override
  default long fixedWorkspaceBytes() {
    return ScratchBytes.FIXED;
  }

  @Override
  default Ops planningOps() {
    return new PlanningOps(activationType(), cacheType());
  }
}
