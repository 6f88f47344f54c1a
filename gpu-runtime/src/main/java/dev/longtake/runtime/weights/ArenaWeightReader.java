package dev.longtake.runtime.weights;

import dev.longtake.runtime.memory.Arena;

/** A reader whose parameters can be put into any memory of its device. */
public interface ArenaWeightReader extends WeightReader {
  /** Returns a reader of the same parameters that puts them into {@code arena}. */
  ArenaWeightReader into(Arena arena);

  /** Returns a reader that takes the same memory from {@code arena}, and reads nothing. */
  WeightReader placing(Arena arena);

  /**
   * Returns a reader that goes past parameters which are kept elsewhere: they count as read, but
   * take no memory, and what it returns must not be used.
   */
  WeightReader skipping();
}
