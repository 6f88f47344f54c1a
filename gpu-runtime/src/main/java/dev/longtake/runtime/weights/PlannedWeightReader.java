package dev.longtake.runtime.weights;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;

/**
 * Takes the memory that {@link CheckpointWeightReader} would take and reads nothing, so that a
 * model's parameters can be measured without a checkpoint.
 */
public final class PlannedWeightReader implements ArenaWeightReader {
  private final WeightTypes types;
  private final WeightAllocator allocator;

  /**
   * Creates a reader of nothing.
   *
   * @param ops says which type parameters are kept in
   * @param arena where tensors are taken from, over a {@code PlannedBlock} or real memory
   */
  public PlannedWeightReader(Ops ops, Arena arena) {
    this(arena, WeightTypes.all(ops.activationType()));
  }

  /** Creates a reader of nothing, for parameters of these types. */
  public PlannedWeightReader(Arena arena, WeightTypes types) {
    this.types = types;
    this.allocator = new WeightAllocator(arena, types);
  }

  @Override
  public PlannedWeightReader into(Arena arena) {
    return new PlannedWeightReader(arena, types);
  }

  @Override
  public WeightReader placing(Arena arena) {
    return into(arena);
  }

  @Override
  public WeightReader skipping() {
    return into(new Arena("skipped weights", new PlannedBlock()));
  }

  @Override
  public Tensor tensor(String name, int... shape) {
    return allocator.tensor(shape);
  }

  @Override
  public Linear linear(String prefix, int out, int in) {
    return allocator.linear(prefix, out, in);
  }

  @Override
  public Linear linearWithoutBias(String prefix, int out, int in) {
    return allocator.linearWithoutBias(prefix, out, in);
  }

  @Override
  public Conv conv(String prefix, ConvShape shape) {
    return allocator.conv(shape);
  }
}
