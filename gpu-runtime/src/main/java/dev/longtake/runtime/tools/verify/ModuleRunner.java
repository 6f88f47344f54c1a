package dev.longtake.runtime.tools.verify;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.cpu.CpuOps;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.weights.CheckpointWeightReader;
import dev.longtake.runtime.weights.PlannedWeightReader;
import dev.longtake.runtime.weights.TensorSource;
import dev.longtake.runtime.weights.WeightReader;

/** Runs single modules on a device, each in exactly the memory that it needs. */
final class ModuleRunner {
  private final int threads;

  ModuleRunner(int threads) {
    this.threads = threads;
  }

  /** A computation on one device. */
  interface Computation<T> {
    /**
     * Computes. Called twice: to find out about the memory, when all results are meaningless, and
     * then for real.
     */
    T run(Module module);
  }

  /**
   * Where a computation takes place.
   *
   * @param arena for weights, inputs and results
   */
  record Module(Ops ops, Arena arena, Readers readers) {
    WeightReader reader(TensorSource source) {
      return readers.over(source, ops, arena);
    }
  }

  /** Makes a reader of weights. */
  interface Readers {
    WeightReader over(TensorSource source, Ops ops, Arena arena);
  }

  <T> T run(Computation<T> computation) {
    try (PlanningOps planning = new PlanningOps(DType.FP32)) {
      Arena planned = new Arena("planned module", new PlannedBlock());
      computation.run(
          new Module(
              planning, planned, (source, ops, arena) -> new PlannedWeightReader(ops, arena)));
      long moduleBytes = planned.peakBytes();
      long workspaceBytes = planning.workspace().peakBytes();
      try (HostBlock memory = HostBlock.reserve(moduleBytes + workspaceBytes);
          CpuOps ops = new CpuOps(threads, memory.part(moduleBytes, workspaceBytes))) {
        Arena arena = new Arena("module", memory.part(0, moduleBytes));
        return computation.run(new Module(ops, arena, CheckpointWeightReader::new));
      }
    }
  }
}
