package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.PlannedWeightReader;
import dev.longtake.runtime.weights.WeightReader;
import java.util.HashSet;
import java.util.Set;

/** Reads nothing, and notes what would have been read: so the names are written down once only. */
final class TensorNames implements WeightReader {
  private final WeightReader planned =
      new PlannedWeightReader(
          new PlanningOps(DType.FP32), new Arena("tensor names", new PlannedBlock()));
  private final Set<String> names = new HashSet<>();

  private TensorNames() {}

  /** Returns the names of all tensors that an autoencoder of these sizes has. */
  static Set<String> of(VaeConfig config) {
    TensorNames reader = new TensorNames();
    VaeWeights.read(reader, config);
    return Set.copyOf(reader.names);
  }

  @Override
  public Tensor tensor(String name, int... shape) {
    names.add(name);
    return planned.tensor(name, shape);
  }

  @Override
  public Linear linear(String prefix, int out, int in) {
    noteWeightAndBias(prefix);
    return planned.linear(prefix, out, in);
  }

  @Override
  public Linear linearWithoutBias(String prefix, int out, int in) {
    names.add(prefix + ".weight");
    return planned.linearWithoutBias(prefix, out, in);
  }

  @Override
  public Conv conv(String prefix, ConvShape shape) {
    noteWeightAndBias(prefix);
    return planned.conv(prefix, shape);
  }

  private void noteWeightAndBias(String prefix) {
    names.add(prefix + ".weight");
    names.add(prefix + ".bias");
  }
}
