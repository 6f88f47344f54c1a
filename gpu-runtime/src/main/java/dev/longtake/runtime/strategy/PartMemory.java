package dev.longtake.runtime.strategy;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.ArenaWeightReader;
import dev.longtake.runtime.weights.WeightReader;
import java.util.List;

/**
 * A part of a model whose parameters lie together in memory, in the order in which they are read.
 *
 * @param <T> as what it is seen
 */
public interface PartMemory<T> {
  /** Reads, or places, the part's parameters. */
  T read(WeightReader reader);

  /** Returns how much memory the part takes, as what can be copied anywhere: in fp32. */
  default Shape extent(ArenaWeightReader weights) {
    Arena measure = new Arena("planned part", new PlannedBlock());
    read(weights.placing(measure));
    return Shape.of(Math.toIntExact(measure.peakBytes() / Float.BYTES));
  }

  /** Returns the bytes of that. */
  default long bytes(ArenaWeightReader weights) {
    return extent(weights).elements() * Float.BYTES;
  }

  /** Returns the part as it is seen in each slot. */
  default List<T> views(List<SlotRing.Slot> slots, ArenaWeightReader weights) {
    return slots.stream()
        .map(slot -> read(weights.placing(new Arena("part", slot.memory()))))
        .toList();
  }
}
