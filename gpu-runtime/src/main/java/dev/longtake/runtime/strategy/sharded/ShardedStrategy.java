package dev.longtake.runtime.strategy.sharded;

import com.google.auto.service.AutoService;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.weights.ArenaWeightReader;

/**
 * Each of several devices owns a share of the layers' weights, and gathers every other layer just
 * before it is needed, while the one before computes; so none ever has the whole model. Caches and
 * work are a device's own.
 */
@AutoService(ExecutionStrategy.class)
public final class ShardedStrategy implements ExecutionStrategy {
  /** The strategy's name. */
  public static final String NAME = "sharded";

  private final Shard shard;
  private final long firstBytes;

  /** Creates the strategy for a single device, which owns everything. */
  public ShardedStrategy() {
    this(new Shard(0, 1), 0);
  }

  /**
   * Creates the strategy for one of several devices.
   *
   * @param firstBytes of weights that the first device has and others have not; it owns less for
   *     them. The same for all devices
   */
  public ShardedStrategy(Shard shard, long firstBytes) {
    this.shard = shard;
    this.firstBytes = firstBytes;
  }

  @Override
  public String name() {
    return NAME;
  }

  /** Returns how many layers' weights stay on the device; the others come and go. */
  public Residency ownLayers(ModelShape shape) {
    int layers = shape.dit().layers();
    return new Residency(layers / shard.count(), layers);
  }

  /** Reads what the device owns; see {@link ShardExecutor#connect} for the rest. */
  @Override
  public DenoiseExecutor open(
      ModelShape shape, ArenaWeightReader weights, Placement placement, Residency residency) {
    SharedLayers layers = SharedLayers.load(shape.dit(), shard, firstBytes, weights, placement);
    return new ShardExecutor(shape, placement.ops(), layers);
  }
}
