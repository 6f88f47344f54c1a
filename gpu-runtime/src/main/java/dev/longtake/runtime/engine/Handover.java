package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DeviceLink;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.spi.Fence;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A way for one take's tensors from one device to another, or to another part of the same one's
 * work. Each side has a thread. The threads wait until the other side has <em>queued</em> what they
 * need; the devices wait for each other by fences alone.
 */
final class Handover {
  /** One is on its way while the one before is being used. */
  static final int SLOTS = 2;

  private final DeviceLink link;
  private final Queue arrivals;
  private final List<Slot> all;
  private final ArrayDeque<Slot> free = new ArrayDeque<>();
  private final ArrayDeque<Slot> filled = new ArrayDeque<>();
  private boolean ended;
  private @Nullable RuntimeException failure;

  /**
   * Where tensors arrive, on the receiving device.
   *
   * @param latents [F, h, w, C]
   * @param hidden fp32 [tokens, E], the most there can be; null if none are handed over
   * @param arrived reached when they are there
   * @param consumed reached when they are no longer needed
   */
  record Slot(Tensor latents, @Nullable Tensor hidden, Fence arrived, Fence consumed) {
    /** Returns where hidden states of so many tokens are. */
    Tensor hidden(int tokens) {
      Tensor all = hidden;
      checkState(all != null, "no hidden states are handed over here");
      return all.slice(0, tokens);
    }
  }

  /** What goes from {@code source} to a place in a slot. */
  record Copy(Tensor source, Tensor target) {}

  /** Thrown to who waits, when the take ends without a failure. */
  static final class TakeEndedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    TakeEndedException() {
      super("the take has ended");
    }
  }

  /**
   * Begins with nothing on its way.
   *
   * @param link used by the sender's thread alone
   * @param arrivals the receiving device's queue, which waits for the sender
   */
  Handover(DeviceLink link, Queue arrivals, List<Slot> slots) {
    this.link = link;
    this.arrivals = arrivals;
    this.all = List.copyOf(slots);
    free.addAll(all);
  }

  /**
   * Takes memory for slots.
   *
   * @param latentFrames that a slot has
   * @param hiddenTokens that it has, 0 for none
   * @param ops of the receiving device, as are {@code queues} and {@code arena}
   */
  static List<Slot> slots(
      int count,
      int latentFrames,
      int hiddenTokens,
      EngineShape shape,
      Ops ops,
      DeviceQueues queues,
      Arena arena) {
    List<Slot> slots = new ArrayList<>();
    int width = shape.model().dit().width();
    for (int i = 0; i < count; i++) {
      slots.add(
          new Slot(
              arena.tensor(ops.activationType(), shape.latents(latentFrames)),
              hiddenTokens == 0 ? null : arena.tensor(DType.FP32, hiddenTokens, width),
              queues.fence(),
              queues.fence()));
    }
    return slots;
  }

  /** Waits for a slot that can be filled; not to be called during a turn. */
  Slot takeFree() {
    return take(free);
  }

  /** Queues the copies, behind what the sending device computes, and lets the slot be used. */
  void send(Slot slot, List<Copy> copies) {
    slot.consumed().holdBack(arrivals);
    for (Copy copy : copies) {
      link.copy(copy.source(), Queue.COMPUTE, copy.target(), arrivals);
    }
    slot.arrived().set(arrivals);
    give(slot, filled);
  }

  /** Waits for a slot that has been filled; not to be called during a turn. */
  Slot takeFilled() {
    return take(filled);
  }

  /** Says that all work that needs the slot is in the receiving device's computing queue. */
  void release(Slot slot) {
    slot.consumed().set(Queue.COMPUTE);
    give(slot, free);
  }

  private synchronized Slot take(ArrayDeque<Slot> from) {
    try {
      while (!ended && from.isEmpty()) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for another device", e);
    }
    if (failure != null) {
      throw failure;
    }
    if (ended) {
      throw new TakeEndedException();
    }
    return from.remove();
  }

  private synchronized void give(Slot slot, ArrayDeque<Slot> to) {
    to.add(slot);
    notifyAll();
  }

  /**
   * Lets nobody wait here any more.
   *
   * @param cause thrown to those who do; null if nothing went wrong
   */
  synchronized void end(@Nullable RuntimeException cause) {
    if (!ended) {
      ended = true;
      failure = cause;
      notifyAll();
    }
  }

  /** Makes ready for another take; nobody may be using this. */
  synchronized void reset() {
    ended = false;
    failure = null;
    filled.clear();
    free.clear();
    free.addAll(all);
  }
}
