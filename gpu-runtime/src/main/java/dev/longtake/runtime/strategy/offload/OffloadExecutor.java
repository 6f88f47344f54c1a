package dev.longtake.runtime.strategy.offload;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitLayerWeights;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.spi.LanePass;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Residency;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Takes forwards through layers whose weights and caches come just in time. */
final class OffloadExecutor implements DenoiseExecutor {
  // Less than copying all weights takes, and more than a take needs between two forwards.
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final ModelShape shape;
  private final Ops ops;
  private final WeightRing weights;
  private final CacheSlots slots;
  private final Residency residency;

  OffloadExecutor(
      ModelShape shape, Ops ops, WeightRing weights, CacheSlots slots, Residency residency) {
    this.shape = shape;
    this.ops = ops;
    this.weights = weights;
    this.slots = slots;
    this.residency = residency;
  }

  @Override
  public KvStore openCaches(Arena device, Arena host) {
    return OffloadCaches.allocate(shape, ops, slots, residency.cacheLayers(), device, host);
  }

  @Override
  public long patienceNanos() {
    return weights.moves() ? PATIENCE_NANOS : 0;
  }

  @Override
  public void sweep(List<LanePass> passes) {
    weights.begin(0, 0);
    slots.restart();
    Ahead ahead = new Ahead(passes);
    for (int layer = 0; layer < shape.dit().layers(); layer++) {
      DitLayerWeights layerWeights = weights.acquire(layer);
      for (LanePass lane : passes) {
        ahead.fetch();
        lane.pass()
            .layer(layerWeights, lane.caches().acquire(lane.step(), layer, lane.pass().use()));
        lane.caches().release();
      }
      weights.release(layer);
    }
  }

  /** Lets the caches come that will be needed next, in the order in which they will be. */
  private final class Ahead {
    private final List<LanePass> passes;
    private int next; // counts the passes of the first layer, then those of the second, …

    Ahead(List<LanePass> passes) {
      this.passes = passes;
    }

    void fetch() {
      for (; next < passes.size() * shape.dit().layers(); next++) {
        int layer = next / passes.size();
        LanePass lane = passes.get(next % passes.size());
        OffloadCaches caches = (OffloadCaches) lane.caches();
        if (caches.moves(layer)) {
          if (!slots.hasFree()) {
            return;
          }
          caches.fetch(lane.step(), layer, lane.pass().use());
        }
      }
    }
  }
}
