package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.device.Readback;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** The lanes of an engine: each serves one take after another, and in between may have guests. */
final class LanePool {
  private final ModelStack stack;
  private final int lanes;
  private final BlockingQueue<Slot> free = new LinkedBlockingQueue<>();

  /**
   * A lane and where it lies.
   *
   * @param host memory of the host, whose part of a lane it is
   * @param readback brings the lane's frames to the host
   */
  record Slot(Lane lane, Block memory, Block host, Readback readback) {}

  /**
   * Creates lanes.
   *
   * @param memories for a lane each
   * @param hosts memory of the host, for a lane each
   * @param readbacks for a lane each
   */
  LanePool(ModelStack stack, List<Block> memories, List<Block> hosts, List<Readback> readbacks) {
    this.stack = stack;
    this.lanes = memories.size();
    for (int i = 0; i < lanes; i++) {
      free.add(slot(memories.get(i), hosts.get(i), readbacks.get(i)));
    }
  }

  /** Takes a lane, waiting for one to become free. */
  Slot take() {
    try {
      return free.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a lane", e);
    }
  }

  void giveBack(Slot slot) {
    free.add(slot);
  }

  /** Gives a lane back whose memory a guest has used; runs on the device. */
  void giveBackOverwritten(Slot slot) {
    free.add(slot(slot.memory(), slot.host(), slot.readback()));
  }

  /** Returns whether no lane is in use. */
  boolean allFree() {
    return free.size() == lanes;
  }

  private Slot slot(Block memory, Block host, Readback readback) {
    return new Slot(
        Lane.allocate(stack, new Arena("lane", memory), new Arena("host lane", host)),
        memory,
        host,
        readback);
  }
}
