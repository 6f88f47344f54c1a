package dev.longtake.runtime.spi;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.weights.WeightReader;

/**
 * A way to place weights, caches and work on devices.
 *
 * <p>Found with {@link java.util.ServiceLoader} and chosen by its name. To plan, the same method is
 * called with operations, memory and weights that are not there: so a plan needs no device and no
 * file, and cannot differ from what is allocated later.
 */
public interface ExecutionStrategy {
  /** Returns the name used in configuration, for example {@code resident}. */
  String name();

  /**
   * Brings the layers' weights to where they are kept.
   *
   * @param weights reads the transformer's layers, in ascending order
   * @param arena for what lives as long as the engine
   */
  DenoiseExecutor open(ModelShape shape, WeightReader weights, Ops ops, Arena arena);
}
