package dev.longtake.runtime.spi;

import dev.longtake.runtime.weights.ArenaWeightReader;

/**
 * A way to place weights, caches and work on devices.
 *
 * <p>Found with {@link java.util.ServiceLoader} and chosen by its name. To plan, the same methods
 * are called with operations, memory and weights that are not there: so a plan needs no device and
 * no file, and cannot differ from what is allocated later.
 */
public interface ExecutionStrategy {
  /** Returns the name used in configuration, for example {@code resident}. */
  String name();

  /** Returns the least that has to stay on the device; usually everything. */
  default Residency least(ModelShape shape) {
    return Residency.all(shape.dit().layers());
  }

  /**
   * Brings the layers' weights to where they are kept.
   *
   * @param weights reads the transformer's layers, in ascending order
   * @param residency not less than {@link #least}
   */
  DenoiseExecutor open(
      ModelShape shape, ArenaWeightReader weights, Placement placement, Residency residency);
}
