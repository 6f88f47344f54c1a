package dev.longtake.runtime.strategy.resident;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.strategy.StepCaches;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A take's caches, all of them on the device.
 *
 * @param layers of each layer, those for each step
 */
record ResidentCaches(List<List<LayerCaches>> layers) implements KvStore {
  /**
   * Takes memory for the caches.
   *
   * @param heads that they have
   * @param ops whose types the caches have
   */
  static ResidentCaches allocate(ModelShape shape, int heads, Ops ops, Arena arena) {
    return new ResidentCaches(
        IntStream.range(0, shape.dit().layers())
            .mapToObj(layer -> StepCaches.allocate(shape, heads, ops, arena))
            .toList());
  }

  @Override
  public LayerCaches acquire(int step, int layer, CacheUse use) {
    return layers.get(layer).get(step);
  }

  @Override
  public void release() {}
}
