package dev.longtake.runtime.strategy.offload;

import com.google.auto.service.AutoService;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.LayerCycle;
import dev.longtake.runtime.weights.ArenaWeightReader;

/**
 * As many layers' weights and caches on the device as fit, the others in host memory: copied, layer
 * by layer, while earlier layers compute.
 */
@AutoService(ExecutionStrategy.class)
public final class OffloadStrategy implements ExecutionStrategy {
  @Override
  public String name() {
    return "offload";
  }

  @Override
  public Residency least(ModelShape shape) {
    return new Residency(0, 0);
  }

  @Override
  public DenoiseExecutor open(
      ModelShape shape, ArenaWeightReader weights, Placement placement, Residency residency) {
    LayerCycle cycle = LayerCycle.ofForward(shape.dit().layers());
    WeightRing ring = WeightRing.load(shape, weights, placement, residency.weightLayers(), cycle);
    boolean cachesMove = residency.cacheLayers() < shape.dit().layers();
    CacheSlots slots = CacheSlots.open(shape, placement, cachesMove ? CacheSlots.SLOTS : 0);
    return new OffloadExecutor(shape, placement.ops(), ring, slots, residency);
  }
}
