package dev.longtake.runtime.strategy.resident;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.model.dit.LayerCaches.ConditionCache;
import dev.longtake.runtime.model.dit.LayerCaches.KeyValue;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/** A take's caches, all of them on the device. */
record ResidentCaches(List<List<LayerCaches>> steps) implements KvStore {
  static ResidentCaches allocate(ModelShape shape, DType dtype, Arena arena) {
    DitConfig config = shape.dit();
    int ringTokens = shape.clipLatentFrames() * shape.grid().frameTokens();
    List<KeyValue> texts = new ArrayList<>();
    List<ConditionCache> conditions = new ArrayList<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      texts.add(KeyValue.allocate(arena, dtype, config, config.textTokens()));
      conditions.add(
          ConditionCache.of(
              KeyValue.allocate(arena, dtype, config, shape.grid().conditionTokens()),
              shape.grid()));
    }
    List<List<LayerCaches>> steps = new ArrayList<>();
    for (int step = 0; step < shape.steps(); step++) {
      List<LayerCaches> layers = new ArrayList<>();
      for (int layer = 0; layer < config.layers(); layer++) {
        KeyValue ring = KeyValue.allocate(arena, dtype, config, ringTokens);
        layers.add(new LayerCaches(ring, conditions.get(layer), texts.get(layer)));
      }
      steps.add(List.copyOf(layers));
    }
    return new ResidentCaches(List.copyOf(steps));
  }

  @Override
  public LayerCaches layer(int step, int layer) {
    return steps.get(step).get(layer);
  }
}
