package dev.longtake.runtime.strategy.sharded;

import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.resident.ResidentExecutor;
import dev.longtake.runtime.strategy.resident.ResidentWeights;
import dev.longtake.runtime.weights.ArenaWeightReader;

/**
 * Each of several devices has all weights, takes some of the tokens through them, and keeps the
 * caches of some of the heads; see {@link HeadExchange}.
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

  /** The executor's division is a {@link HeadExchange}, which has to be connected. */
  @Override
  public DenoiseExecutor open(
      ModelShape shape, ArenaWeightReader weights, Placement placement, Residency residency) {
    HeadExchange exchange = new HeadExchange(shard, shape, placement);
    return new ResidentExecutor(
        shape, placement.ops(), ResidentWeights.read(shape, weights), exchange);
  }
}
