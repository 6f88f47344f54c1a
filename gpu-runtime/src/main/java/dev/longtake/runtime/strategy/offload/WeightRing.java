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
import dev.longtake.runtime.strategy.LayerCycle;
import dev.longtake.runtime.strategy.PartMemory;
import dev.longtake.runtime.strategy.SlotRing;
import dev.longtake.runtime.strategy.SlotRing.Arrivals;
import dev.longtake.runtime.strategy.SlotRing.Part;
import dev.longtake.runtime.strategy.SlotRing.Slot;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.ArenaWeightReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Layers' weights: some stay on the device, the others come from host memory to a few slots. */
public final class WeightRing implements WeightSource {
  /** One layer computes, another one comes. */
  private static final int SLOTS = 2;

  private final LayerCycle cycle;
  private final Map<Integer, DitLayerWeights> resident;
  private final SlotRing<DitLayerWeights> moving;
  private final int[] movingBefore; // each place in the cycle

  private WeightRing(
      LayerCycle cycle,
      Map<Integer, DitLayerWeights> resident,
      Map<Integer, Part<DitLayerWeights>> moving,
      List<Slot> slots,
      Arrivals arrivals) {
    this.cycle = cycle;
    this.resident = resident;
    this.movingBefore = new int[cycle.length()];
    List<Part<DitLayerWeights>> round = new ArrayList<>();
    for (int place = 0; place < cycle.length(); place++) {
      movingBefore[place] = round.size();
      Part<DitLayerWeights> part = moving.get(cycle.layer(place));
      if (part != null) {
        round.add(part);
      }
    }
    this.moving = new SlotRing<>(slots, round, arrivals);
  }

  /**
   * Reads the layers that are needed: each to its place on the device, or through a slot to the
   * host, unless it is there already.
   *
   * @param weights reads all layers, in ascending order
   * @param residentLayers how many of those that are needed stay on the device
   * @param cycle the order in which they are needed
   */
  public static WeightRing load(
      ModelShape shape,
      ArenaWeightReader weights,
      Placement placement,
      int residentLayers,
      LayerCycle cycle) {
    DitConfig config = shape.dit();
    DeviceQueues queues = placement.queues();
    Map<Integer, DitLayerWeights> resident = new HashMap<>();
    Map<Integer, Tensor> hosts = new HashMap<>();
    Map<Integer, Part<DitLayerWeights>> moving = new HashMap<>();
    Set<Integer> comeAndGo = comeAndGo(cycle, residentLayers);
    List<Slot> slots = slots(config, weights, placement, comeAndGo);
    for (int layer = 0; layer < config.layers(); layer++) {
      PartMemory<DitLayerWeights> part = part(config, layer);
      if (!cycle.contains(layer)) {
        part.read(weights.skipping());
        continue;
      }
      if (!comeAndGo.contains(layer)) {
        resident.put(layer, part.read(weights));
        continue;
      }
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
      moving.put(layer, new Part<>(layer, extent, part.views(slots, weights)));
    }
    // What comes back to a slot must have left the host's side of it: copies out are done in order.
    slots.forEach(slot -> slot.arrived().holdBack(Queue.WEIGHTS_IN));
    slots.forEach(slot -> slot.arrived().holdBack(Queue.COMPUTE)); // who waits, waits for all
    return new WeightRing(
        cycle,
        resident,
        moving,
        slots,
        (layer, target) ->
            queues.copy(Queue.WEIGHTS_IN, Objects.requireNonNull(hosts.get(layer)), target));
  }

  /** Returns the layers that come and go: spread evenly among those that are needed. */
  private static Set<Integer> comeAndGo(LayerCycle cycle, int residentLayers) {
    Set<Integer> layers = new HashSet<>();
    for (int place = 0; place < cycle.differentLayers(); place++) {
      if (!Residency.stays(place, residentLayers, cycle.differentLayers())) {
        layers.add(cycle.layer(place));
      }
    }
    return layers;
  }

  private static List<Slot> slots(
      DitConfig config, ArenaWeightReader weights, Placement placement, Set<Integer> layers) {
    long largest = 0;
    for (int layer : layers) {
      largest = Math.max(largest, part(config, layer).bytes(weights));
    }
    return SlotRing.slots(
        Math.min(SLOTS, layers.size()), largest, placement.device(), placement.queues());
  }

  private static PartMemory<DitLayerWeights> part(DitConfig config, int layer) {
    return reader -> DitLayerWeights.read(reader, config, layer);
  }

  /** Returns whether any weights move. */
  public boolean moves() {
    return !moving.isEmpty();
  }

  @Override
  public void begin(int step, int layer) {
    if (moves()) {
      moving.goTo(movingBefore[cycle.place(step, layer)]);
    }
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
