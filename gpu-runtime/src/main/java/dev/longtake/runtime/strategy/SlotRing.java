package dev.longtake.runtime.strategy;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.spi.Fence;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Parts of a model that come to a few slots on the device, again and again in the same order, each
 * before it is needed. All of a part's parameters lie together, so that one copy moves them.
 *
 * @param <T> as what a part is seen
 */
public final class SlotRing<T> {
  private final List<Slot> slots;
  private final List<Part<T>> parts;
  private final Arrivals arrivals;
  private long next; // counts the parts that were used, without end; their slots take turns
  private long fetched;

  /**
   * Where a part can be on the device.
   *
   * @param arrived reached when it is there
   * @param free reached when it is no longer needed
   */
  public record Slot(Block memory, Fence arrived, Fence free) {
    /** Returns all memory of a part in this slot, as what can be copied anywhere. */
    public Tensor bytes(Shape extent) {
      return memory.tensor(0, DType.FP32, extent);
    }
  }

  /**
   * A part that comes and goes.
   *
   * @param number of the part; the same may come several times in a round
   * @param extent of its memory, in fp32
   * @param views as which it is seen in each slot
   */
  public record Part<T>(int number, Shape extent, List<T> views) {
    /** Copies the list. */
    public Part {
      views = List.copyOf(views);
    }
  }

  /** Brings parts to the device. */
  public interface Arrivals {
    /** Queues a copy of all memory of the part of this number, in {@link Queue#WEIGHTS_IN}. */
    void queue(int number, Tensor target);
  }

  /** Begins before the first part, with nothing in the slots. */
  public SlotRing(List<Slot> slots, List<Part<T>> parts, Arrivals arrivals) {
    this.slots = List.copyOf(slots);
    this.parts = List.copyOf(parts);
    this.arrivals = arrivals;
  }

  /**
   * Makes slots.
   *
   * @param device their memory is taken from
   * @param slotBytes of the largest part
   */
  public static List<Slot> slots(int count, long slotBytes, Arena device, DeviceQueues queues) {
    List<Slot> slots = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      slots.add(new Slot(device.block(slotBytes), queues.fence(), queues.fence()));
    }
    return slots;
  }

  /** Returns whether nothing comes and goes. */
  public boolean isEmpty() {
    return parts.isEmpty();
  }

  /** Begins at the first part again, also if the last round has not come to the last one. */
  public void restart() {
    goTo(0);
  }

  /** Goes on at a place in the round, from 0 on; what comes for another one has come in vain. */
  public void goTo(int place) {
    long ahead = isEmpty() ? 0 : Math.floorMod(place - next, (long) parts.size());
    if (ahead > 0) {
      slots.forEach(slot -> slot.free().set(Queue.COMPUTE));
      next += ahead;
      fetched = next;
    }
  }

  /** Returns the next part, on the device by the time work queued after this runs. */
  public T acquire(int number) {
    fetch();
    Part<T> expected = part(next);
    checkState(
        expected.number() == number, "part %s comes next, but not %s", expected.number(), number);
    int slot = slot(next);
    slots.get(slot).arrived().holdBack(Queue.COMPUTE);
    return expected.views().get(slot);
  }

  /** Says that all work that needs the part acquired last has been queued. */
  public void release() {
    slots.get(slot(next)).free().set(Queue.COMPUTE);
    next++;
    fetch();
  }

  /** Lets what is put into {@link Queue#COMPUTE} from now on begin when nothing is on its way. */
  public void awaitArrivals() {
    slots.forEach(slot -> slot.arrived().holdBack(Queue.COMPUTE));
  }

  /** Lets parts come to all slots that are free. */
  private void fetch() {
    for (; fetched < next + slots.size(); fetched++) {
      Slot slot = slots.get(slot(fetched));
      Part<T> part = part(fetched);
      slot.free().holdBack(Queue.WEIGHTS_IN);
      arrivals.queue(part.number(), slot.bytes(part.extent()));
      slot.arrived().set(Queue.WEIGHTS_IN);
    }
  }

  private Part<T> part(long position) {
    return parts.get((int) (position % parts.size()));
  }

  private int slot(long position) {
    return (int) (position % slots.size());
  }
}
