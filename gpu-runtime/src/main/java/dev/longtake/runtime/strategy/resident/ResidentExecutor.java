package dev.longtake.runtime.strategy.resident;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitLayerWeights;
import dev.longtake.runtime.model.dit.Division;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.spi.LanePass;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.WeightSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes forwards, or parts of them, through layers, with all caches on the device.
 *
 * @param weights wherever they come from
 * @param division null for a device that has all tokens and heads
 */
public record ResidentExecutor(
    ModelShape shape, Ops ops, WeightSource weights, @Nullable Division division)
    implements DenoiseExecutor {
  @Override
  public KvStore openCaches(Arena device, Arena host) {
    int heads = division == null ? shape.dit().heads() : division.heads().count();
    return ResidentCaches.allocate(shape, heads, ops, device);
  }

  @Override
  public void sweep(List<LanePass> passes) {
    LanePass first = passes.get(0); // passes that go together begin at the same layer
    weights.begin(first.step(), first.pass().layers().first());
    for (int i = 0; i < shape.dit().layers(); i++) {
      int layer = i;
      List<LanePass> goingThrough =
          passes.stream().filter(lane -> lane.pass().layers().contains(layer)).toList();
      if (!goingThrough.isEmpty()) {
        take(goingThrough, layer);
      }
    }
  }

  private void take(List<LanePass> passes, int layer) {
    DitLayerWeights layerWeights = weights.acquire(layer);
    for (LanePass lane : passes) {
      lane.pass().layer(layerWeights, lane.caches().acquire(lane.step(), layer, lane.pass().use()));
      lane.caches().release();
    }
    weights.release(layer);
  }
}
