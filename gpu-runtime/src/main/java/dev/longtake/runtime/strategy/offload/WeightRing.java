package dev.longtake.runtime.strategy.offload;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.DitLayerWeights;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.spi.Fence;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.spi.WeightSource;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.ArenaWeightReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Layers' weights: some stay on the device, the others go round through a few slots there, again
 * and again in the same order. All of a layer's weights lie together, so that one copy moves them.
 */
final class WeightRing implements WeightSource {
  /** One layer computes, another one comes. */
  private static final int SLOTS = 2;

  private final DeviceQueues queues;
  private final Map<Integer, DitLayerWeights> resident;
  private final List<Moving> moving;
  private final List<Slot> slots;
  private long next; // counts the layers that moved, without end; their slots take turns
  private long fetched;

  /**
   * A layer that moves.
   *
   * @param host where it is kept
   * @param views as which it is seen in each slot
   */
  private record Moving(int layer, Tensor host, List<DitLayerWeights> views) {}

  /**
   * Where a layer can be on the device.
   *
   * @param arrived reached when it is there
   * @param free reached when it is no longer needed
   */
  private record Slot(Block memory, Fence arrived, Fence free) {
    Tensor bytes(Tensor host) {
      return memory.tensor(0, host.dtype(), host.shape());
    }
  }

  private WeightRing(
      DeviceQueues queues,
      Map<Integer, DitLayerWeights> resident,
      List<Moving> moving,
      List<Slot> slots) {
    this.queues = queues;
    this.resident = resident;
    this.moving = moving;
    this.slots = slots;
  }

  /** Reads all layers: each to its place on the device, or through a slot to the host. */
  static WeightRing load(
      ModelShape shape, ArenaWeightReader weights, Placement placement, int residentLayers) {
    DitConfig config = shape.dit();
    Map<Integer, DitLayerWeights> resident = new HashMap<>();
    List<Moving> moving = new ArrayList<>();
    List<Slot> slots = slots(config, weights, placement, residentLayers);
    for (int layer = 0; layer < config.layers(); layer++) {
      if (Residency.stays(layer, residentLayers, config.layers())) {
        resident.put(layer, DitLayerWeights.read(weights, config, layer));
        continue;
      }
      Tensor host = placement.host().tensor(DType.FP32, layerMemory(weights, config, layer));
      Slot slot = slots.get(moving.size() % slots.size());
      DeviceQueues queues = placement.queues();
      slot.arrived().holdBack(Queue.COMPUTE); // the layer before has left
      DitLayerWeights.read(weights.into(new Arena("layer", slot.memory())), config, layer);
      slot.free().set(Queue.COMPUTE);
      slot.free().holdBack(Queue.OUT);
      queues.copy(Queue.OUT, slot.bytes(host), host);
      slot.arrived().set(Queue.OUT);
      moving.add(new Moving(layer, host, views(slots, weights, config, layer)));
    }
    // What comes back to a slot must have left the host's side of it: copies out are done in order.
    slots.forEach(slot -> slot.arrived().holdBack(Queue.WEIGHTS_IN));
    return new WeightRing(placement.queues(), resident, moving, slots);
  }

  private static List<Slot> slots(
      DitConfig config, ArenaWeightReader weights, Placement placement, int residentLayers) {
    long largest = 0;
    int movingLayers = config.layers() - residentLayers;
    for (int layer = 0; layer < config.layers(); layer++) {
      if (!Residency.stays(layer, residentLayers, config.layers())) {
        largest = Math.max(largest, layerMemory(weights, config, layer).elements() * Float.BYTES);
      }
    }
    List<Slot> slots = new ArrayList<>();
    for (int i = 0; i < Math.min(SLOTS, movingLayers); i++) {
      slots.add(
          new Slot(
              placement.device().block(largest),
              placement.queues().fence(),
              placement.queues().fence()));
    }
    return slots;
  }

  /** Returns all memory of a layer's weights, as what can be copied anywhere. */
  private static Shape layerMemory(ArenaWeightReader weights, DitConfig config, int layer) {
    Arena measure = new Arena("planned layer", new PlannedBlock());
    DitLayerWeights.read(weights.placing(measure), config, layer);
    return Shape.of(Math.toIntExact(measure.peakBytes() / Float.BYTES));
  }

  private static List<DitLayerWeights> views(
      List<Slot> slots, ArenaWeightReader weights, DitConfig config, int layer) {
    return slots.stream()
        .map(slot -> weights.placing(new Arena("layer", slot.memory())))
        .map(placing -> DitLayerWeights.read(placing, config, layer))
        .toList();
  }

  /** Returns whether any weights move. */
  boolean moves() {
    return !moving.isEmpty();
  }

  /** Begins at the first layer again, also if the last sweep has not come to the last one. */
  void restart() {
    if (moves() && next % moving.size() != 0) {
      slots.forEach(slot -> slot.free().set(Queue.COMPUTE));
      next += moving.size() - next % moving.size();
      fetched = next;
    }
  }

  @Override
  public DitLayerWeights acquire(int layer) {
    DitLayerWeights here = resident.get(layer);
    if (here != null) {
      return here;
    }
    fetch();
    Moving expected = moving(next);
    checkState(
        expected.layer() == layer, "layer %s comes next, but not %s", expected.layer(), layer);
    int slot = slot(next);
    slots.get(slot).arrived().holdBack(Queue.COMPUTE);
    return expected.views().get(slot);
  }

  @Override
  public void release(int layer) {
    if (!resident.containsKey(layer)) {
      slots.get(slot(next)).free().set(Queue.COMPUTE);
      next++;
      fetch();
    }
  }

  /** Lets layers come to all slots that are free. */
  private void fetch() {
    for (; fetched < next + slots.size(); fetched++) {
      Slot slot = slots.get(slot(fetched));
      Tensor host = moving(fetched).host();
      slot.free().holdBack(Queue.WEIGHTS_IN);
      queues.copy(Queue.WEIGHTS_IN, host, slot.bytes(host));
      slot.arrived().set(Queue.WEIGHTS_IN);
    }
  }

  private Moving moving(long position) {
    return moving.get((int) (position % moving.size()));
  }

  private int slot(long position) {
    return (int) (position % slots.size());
  }
}
