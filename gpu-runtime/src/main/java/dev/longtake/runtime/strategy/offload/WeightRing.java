package dev.longtake.runtime.strategy.offload;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.DitLayerWeights;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.spi.HostLayers.HostLayer;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.spi.WeightSource;
import dev.longtake.runtime.strategy.PartMemory;
import dev.longtake.runtime.strategy.SlotRing;
import dev.longtake.runtime.strategy.SlotRing.Part;
import dev.longtake.runtime.strategy.SlotRing.Slot;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.ArenaWeightReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Layers' weights: some stay on the device, the others come from host memory to a few slots. */
final class WeightRing implements WeightSource {
  /** One layer computes, another one comes. */
  private static final int SLOTS = 2;

  private final Map<Integer, DitLayerWeights> resident;
  private final SlotRing<DitLayerWeights> moving;

  private WeightRing(Map<Integer, DitLayerWeights> resident, SlotRing<DitLayerWeights> moving) {
    this.resident = resident;
    this.moving = moving;
  }

  /**
   * Reads all layers: each to its place on the device, or through a slot to the host, unless it is
   * there already.
   */
  static WeightRing load(
      ModelShape shape, ArenaWeightReader weights, Placement placement, int residentLayers) {
    DitConfig config = shape.dit();
    DeviceQueues queues = placement.queues();
    Map<Integer, DitLayerWeights> resident = new HashMap<>();
    Map<Integer, Tensor> hosts = new HashMap<>();
    List<Part<DitLayerWeights>> moving = new ArrayList<>();
    List<Slot> slots = slots(config, weights, placement, residentLayers);
    for (int layer = 0; layer < config.layers(); layer++) {
      if (Residency.stays(layer, residentLayers, config.layers())) {
        resident.put(layer, DitLayerWeights.read(weights, config, layer));
        continue;
      }
      PartMemory<DitLayerWeights> part = part(config, layer);
      Shape extent = part.extent(weights);
      HostLayer host = placement.host().take(layer, extent);
      if (host.filled()) {
        part.read(weights.skipping());
      } else {
        Slot slot = slots.get(moving.size() % slots.size());
        slot.arrived().holdBack(Queue.COMPUTE); // the layer before has left
        part.read(weights.into(new Arena("layer", slot.memory())));
        slot.free().set(Queue.COMPUTE);
        slot.free().holdBack(Queue.OUT);
        queues.copy(Queue.OUT, slot.bytes(extent), host.memory());
        slot.arrived().set(Queue.OUT);
      }
      hosts.put(layer, host.memory());
      moving.add(new Part<>(layer, extent, part.views(slots, weights)));
    }
    // What comes back to a slot must have left the host's side of it: copies out are done in order.
    slots.forEach(slot -> slot.arrived().holdBack(Queue.WEIGHTS_IN));
    slots.forEach(slot -> slot.arrived().holdBack(Queue.COMPUTE)); // who waits, waits for all
    return new WeightRing(
        resident,
        new SlotRing<>(
            slots,
            moving,
            (layer, target) ->
                queues.copy(Queue.WEIGHTS_IN, Objects.requireNonNull(hosts.get(layer)), target)));
  }

  private static List<Slot> slots(
      DitConfig config, ArenaWeightReader weights, Placement placement, int residentLayers) {
    long largest = 0;
    int movingLayers = config.layers() - residentLayers;
    for (int layer = 0; layer < config.layers(); layer++) {
      if (!Residency.stays(layer, residentLayers, config.layers())) {
        long elements = part(config, layer).extent(weights).elements();
        largest = Math.max(largest, elements * Float.BYTES);
      }
    }
    return SlotRing.slots(
        Math.min(SLOTS, movingLayers), largest, placement.device(), placement.queues());
  }

  private static PartMemory<DitLayerWeights> part(DitConfig config, int layer) {
    return reader -> DitLayerWeights.read(reader, config, layer);
  }

  /** Returns whether any weights move. */
  boolean moves() {
    return !moving.isEmpty();
  }

  /** Begins at the first layer again, also if the last sweep has not come to the last one. */
  void restart() {
    moving.restart();
  }

  @Override
  public DitLayerWeights acquire(int layer) {
    DitLayerWeights here = resident.get(layer);
    return here == null ? moving.acquire(layer) : here;
  }

  @Override
  public void release(int layer) {
    if (!resident.containsKey(layer)) {
      moving.release();
    }
  }
}
