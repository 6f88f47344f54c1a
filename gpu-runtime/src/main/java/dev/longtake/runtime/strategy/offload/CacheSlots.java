package dev.longtake.runtime.strategy.offload;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.spi.Fence;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * Places on the device for one layer's caches of one take each, shared by all takes of an engine.
 * What a forward reads comes before it, what it writes leaves behind it.
 */
final class CacheSlots {
  /** One computes, the next one comes, and the one before leaves. */
  static final int SLOTS = 3;

  private final DeviceQueues queues;
  private final List<Slot> all = new ArrayList<>();
  private final ArrayDeque<Slot> free = new ArrayDeque<>();
  private final IdentityHashMap<LayerCaches, Slot> taken = new IdentityHashMap<>();
  private final Fence written;

  /**
   * A place.
   *
   * @param arrived reached when what is read is there
   * @param computed reached when it is no longer needed, and what is written is there
   */
  private record Slot(StagedCaches memory, Fence arrived, Fence computed) {}

  private CacheSlots(DeviceQueues queues) {
    this.queues = queues;
    this.written = queues.fence();
  }

  /** Takes memory for some slots. */
  static CacheSlots open(ModelShape shape, Placement placement, int count) {
    CacheSlots slots = new CacheSlots(placement.queues());
    for (int i = 0; i < count; i++) {
      StagedCaches memory = StagedCaches.allocate(shape, placement.ops(), placement.device());
      slots.all.add(new Slot(memory, placement.queues().fence(), placement.queues().fence()));
    }
    slots.free.addAll(slots.all);
    return slots;
  }

  /** Forgets what was fetched and not used. */
  void restart() {
    taken.clear();
    free.clear();
    free.addAll(all);
    all.forEach(slot -> slot.computed().set(Queue.COMPUTE));
  }

  boolean hasFree() {
    return !free.isEmpty();
  }

  /**
   * Lets what a forward reads come to a free slot.
   *
   * @param host where the caches are kept
   */
  void fetch(LayerCaches host, CacheUse use) {
    Slot slot = free.remove();
    taken.put(host, slot);
    slot.computed().holdBack(Queue.CACHES_IN);
    written.holdBack(Queue.CACHES_IN); // the slot's last guest has left, and is on the host
    CacheCopies.toRead(host, slot.memory(), use)
        .forEach(copy -> queues.copy(Queue.CACHES_IN, copy.host(), copy.device()));
    slot.arrived().set(Queue.CACHES_IN);
  }

  /** Returns the caches on the device; fetches them if that has not been done. */
  LayerCaches acquire(LayerCaches host, CacheUse use) {
    if (!taken.containsKey(host)) {
      checkState(hasFree(), "caches are used in another order than they were fetched");
      fetch(host, use);
    }
    Slot slot = taken.get(host);
    slot.arrived().holdBack(Queue.COMPUTE);
    return slot.memory().like(host, use);
  }

  /** Lets what a forward has written leave, and its slot be used again. */
  void release(LayerCaches host, CacheUse use) {
    Slot slot = taken.remove(host);
    slot.computed().set(Queue.COMPUTE);
    slot.computed().holdBack(Queue.OUT);
    CacheCopies.written(host, slot.memory(), use)
        .forEach(copy -> queues.copy(Queue.OUT, copy.device(), copy.host()));
    written.set(Queue.OUT);
    free.add(slot);
  }
}
