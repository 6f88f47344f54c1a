package dev.longtake.runtime.strategy.sharded;

import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.LayerCycle;
import dev.longtake.runtime.strategy.offload.WeightRing;
import dev.longtake.runtime.strategy.resident.ResidentExecutor;
import dev.longtake.runtime.weights.ArenaWeightReader;

/**
 * Each of several devices takes some of the tokens through all layers, and keeps the caches of some
 * of the heads; see {@link HeadExchange}. Weights that do not fit come from host memory.
 */
public final class HeadsStrategy implements ExecutionStrategy {
  private final Shard shard;

  /** Creates the strategy for one of several devices. */
  public HeadsStrategy(Shard shard) {
    this.shard = shard;
  }

  @Override
  public String name() {
    return ShardedStrategy.NAME;
  }

  @Override
  public Residency least(ModelShape shape) {
    return new Residency(0, shape.dit().layers());
  }

  /** Returns how many devices divide the work. */
  public int devices() {
    return shard.count();
  }

  /** The executor's division is a {@link HeadExchange}, which has to be connected. */
  @Override
  public DenoiseExecutor open(
      ModelShape shape, ArenaWeightReader weights, Placement placement, Residency residency) {
    HeadExchange exchange = new HeadExchange(shard, shape, placement);
    LayerCycle cycle = LayerCycle.ofForward(shape.dit().layers());
    return new ResidentExecutor(
        shape,
        placement.ops(),
        WeightRing.load(shape, weights, placement, residency.weightLayers(), cycle),
        exchange);
  }
}
