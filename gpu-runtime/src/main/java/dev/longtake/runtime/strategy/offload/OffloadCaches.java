package dev.longtake.runtime.strategy.offload;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.StepCaches;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A take's caches: some layers' on the device, the others' in host memory. */
final class OffloadCaches implements KvStore {
  private final CacheSlots slots;
  private final int residentLayers;
  private final List<List<LayerCaches>> layers; // of each layer, those for each step
  private @Nullable Use current; // null where nothing is to be done when it is released

  private record Use(LayerCaches host, CacheUse use) {}

  private OffloadCaches(CacheSlots slots, int residentLayers, List<List<LayerCaches>> layers) {
    this.slots = slots;
    this.residentLayers = residentLayers;
    this.layers = layers;
  }

  static OffloadCaches allocate(
      ModelShape shape, Ops ops, CacheSlots slots, int residentLayers, Arena device, Arena host) {
    int count = shape.dit().layers();
    List<List<LayerCaches>> layers = new ArrayList<>();
    for (int layer = 0; layer < count; layer++) {
      boolean stays = Residency.stays(layer, residentLayers, count);
      layers.add(StepCaches.allocate(shape, shape.dit().heads(), ops, stays ? device : host));
    }
    return new OffloadCaches(slots, residentLayers, layers);
  }

  /** Lets caches come, if they have to, for the next {@link #acquire} of them. */
  void fetch(int step, int layer, CacheUse use) {
    if (moves(layer)) {
      slots.fetch(layers.get(layer).get(step), use);
    }
  }

  /** Returns whether a layer's caches need a slot. */
  boolean moves(int layer) {
    return !Residency.stays(layer, residentLayers, layers.size());
  }

  @Override
  public LayerCaches acquire(int step, int layer, CacheUse use) {
    checkState(current == null, "caches were not released");
    LayerCaches kept = layers.get(layer).get(step);
    if (!moves(layer)) {
      return kept;
    }
    LayerCaches here = slots.acquire(kept, use);
    current = new Use(kept, use);
    return here;
  }

  @Override
  public void release() {
    Use released = current;
    current = null;
    if (released != null) {
      slots.release(released.host(), released.use());
    }
  }
}
