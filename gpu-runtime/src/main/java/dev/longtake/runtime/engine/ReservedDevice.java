package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.memory.Partition;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.spi.Placement;
import java.util.ArrayList;
import java.util.List;

/**
 * A device on which a plan's memory is reserved, with its operations and queues.
 *
 * @param placement has the memory of the weights
 * @param hostWeights that of those in memory of the host
 * @param text memory of the text encoder, if it is to stay
 * @param lanes memory of each lane
 * @param hostLanes memory of the host, of each lane
 */
record ReservedDevice(
    ComputeDevice device,
    MemoryPlan plan,
    Placement placement,
    HostWeights hostWeights,
    Block text,
    List<Block> lanes,
    List<Block> hostLanes) {
  /**
   * Reserves a plan's memory, but for weights in memory of the host, which are when they are read.
   *
   * @param source of the model
   * @param resources gets what has to be closed
   */
  static ReservedDevice open(
      ComputeDevice device, MemoryPlan plan, ModelSource source, Resources resources) {
    Partition memory = new Partition(resources.add(device.reserve(plan.reservedBytes())));
    Arena weights = new Arena("weights", memory.next(plan.weightBytes()));
    Block text = memory.next(plan.textEncoderBytes());
    List<Block> lanes = new ArrayList<>();
    List<Block> hostLanes = new ArrayList<>();
    for (int i = 0; i < plan.lanes(); i++) {
      lanes.add(memory.next(plan.laneBytes()));
    }
    Ops ops = resources.add(device.openOps(memory.next(plan.workspaceBytes())));
    DeviceQueues queues = resources.add(device.openQueues(ops));
    HostWeights hostWeights = resources.add(HostWeights.of(source, device));
    for (int i = 0; i < plan.lanes(); i++) {
      hostLanes.add(resources.add(device.reserveHost(plan.hostLaneBytes())));
    }
    Placement placement = new Placement(ops, queues, weights, hostWeights);
    return new ReservedDevice(device, plan, placement, hostWeights, text, lanes, hostLanes);
  }

  /** Waits until all weights have been read; then other engines can have those that are shared. */
  void awaitWeights() {
    ops().synchronize();
    hostWeights.filled();
  }

  Ops ops() {
    return placement.ops();
  }

  DeviceQueues queues() {
    return placement.queues();
  }
}
