package dev.longtake.runtime.tools.verify;

import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.OwnedBlock;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.TypedOps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.weights.CheckpointWeightReader;
import dev.longtake.runtime.weights.PlannedWeightReader;
import dev.longtake.runtime.weights.TensorSource;
import dev.longtake.runtime.weights.WeightReader;
import java.util.function.Function;

/** Runs single modules on a device, each in exactly the memory that it needs. */
final class ModuleRunner {
  private final ComputeDevice device;

  ModuleRunner(ComputeDevice device) {
    this.device = device;
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

  /** As {@link #run(Function, Computation)}, with the device's usual type. */
  <T> T run(Computation<T> computation) {
    return run(ComputeDevice::activationType, computation);
  }

  /**
   * Runs a module.
   *
   * @param type which of the device's types the module's activations and parameters are kept in
   */
  <T> T run(Function<ComputeDevice, DType> type, Computation<T> computation) {
    DType dtype = type.apply(device);
    try (Ops planning = device.planningOps()) {
      Arena planned = new Arena("planned module", new PlannedBlock());
      computation.run(
          new Module(
              TypedOps.of(planning, dtype),
              planned,
              (source, ops, arena) -> new PlannedWeightReader(ops, arena)));
      long moduleBytes = planned.peakBytes();
      long workspaceBytes = device.fixedWorkspaceBytes() + planning.workspace().peakBytes();
      try (OwnedBlock memory = device.reserve(moduleBytes + workspaceBytes);
          Ops ops = device.openOps(memory.part(moduleBytes, workspaceBytes))) {
        Arena arena = new Arena("module", memory.part(0, moduleBytes));
        return computation.run(
            new Module(TypedOps.of(ops, dtype), arena, CheckpointWeightReader::new));
      }
    }
  }
}
