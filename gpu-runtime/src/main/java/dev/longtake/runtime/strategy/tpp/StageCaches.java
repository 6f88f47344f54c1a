package dev.longtake.runtime.strategy.tpp;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.CacheUse.Kind;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.strategy.StepCaches;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A take's caches of one stage: for each of its layers, the rings of those steps in which the layer
 * is the stage's.
 */
record StageCaches(StageSpan span, Map<Integer, List<LayerCaches>> layers) implements KvStore {
  static StageCaches allocate(ModelShape shape, StageSpan span, Ops ops, Arena arena) {
    Map<Integer, List<LayerCaches>> layers = new HashMap<>();
    for (int layer = 0; layer < span.layers(); layer++) {
      if (span.hasLayer(layer)) {
        int first = span.firstStep(layer);
        int heads = shape.dit().heads();
        layers.put(
            layer, StepCaches.allocate(shape, first, span.endStep(layer), heads, ops, arena));
      }
    }
    return new StageCaches(span, layers);
  }

  /** Passes that are no step's own write what all of them share. */
  @Override
  public LayerCaches acquire(int step, int layer, CacheUse use) {
    List<LayerCaches> steps = Objects.requireNonNull(layers.get(layer));
    return steps.get(use.kind() == Kind.DENOISE ? step - span.firstStep(layer) : 0);
  }

  @Override
  public void release() {}
}
