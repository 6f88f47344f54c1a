package dev.longtake.runtime.strategy.sharded;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.DeviceLink;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.spi.LanePass;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.strategy.resident.ResidentExecutor;
import java.util.List;

/**
 * Takes one device's forwards through layers that are divided among several devices. The devices do
 * not wait for each other.
 */
public final class ShardExecutor implements DenoiseExecutor {
  private final Ops ops;
  private final SharedLayers layers;
  private final ResidentExecutor inner;

  ShardExecutor(ModelShape shape, Ops ops, SharedLayers layers) {
    this.ops = ops;
    this.layers = layers;
    this.inner = new ResidentExecutor(shape, ops, layers, null);
  }

  /**
   * Lets this device have what others own. To be called once, when all have been opened and before
   * the first forward.
   *
   * @param all executors of the same model, by rank; each must stay open until this one has {@link
   *     #settle settled}
   * @param fromRank links to this device, by rank; that from itself is not used
   */
  public void connect(List<ShardExecutor> all, List<DeviceLink> fromRank) {
    layers.connect(all.stream().map(each -> each.layers).toList(), fromRank);
  }

  /** Waits until nothing is on its way from other devices. */
  public void settle() {
    layers.awaitArrivals();
    ops.synchronize();
  }

  @Override
  public KvStore openCaches(Arena device, Arena host) {
    return inner.openCaches(device, host);
  }

  @Override
  public void sweep(List<LanePass> passes) {
    inner.sweep(passes);
  }
}
