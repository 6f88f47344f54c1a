package dev.longtake.runtime.strategy.sharded;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.spi.DeviceLink;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.strategy.PartMemory;
import dev.longtake.runtime.strategy.SlotRing;
import dev.longtake.runtime.strategy.SlotRing.Part;
import dev.longtake.runtime.strategy.SlotRing.Slot;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.ArenaWeightReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * Parts of one kind on one device: those that it owns, for good, and slots that those of other
 * devices come to. Nothing that is owned moves or changes, so that devices copy from each other
 * whenever they like.
 *
 * @param <T> as what a part is seen
 */
final class SharedParts<T> {
  private final Deal deal;
  private final Map<Integer, T> owned = new HashMap<>();
  private final Map<Integer, Tensor> memory = new HashMap<>();
  private final SlotRing<T> others;
  private List<SharedParts<T>> peers = List.of();
  private List<DeviceLink> links = List.of();

  private SharedParts(Deal deal, List<Slot> slots, List<Part<T>> others) {
    this.deal = deal;
    this.others = new SlotRing<>(slots, others, this::fetch);
  }

  /**
   * Takes memory for the slots, and says where the parts of others will be seen.
   *
   * @param parts by their numbers, from 0
   */
  static <T> SharedParts<T> allocate(
      Deal deal, IntFunction<PartMemory<T>> parts, ArenaWeightReader weights, Placement placement) {
    long largest = 0;
    for (int number = 0; number < deal.parts(); number++) {
      if (!deal.owns(number)) {
        largest = Math.max(largest, parts.apply(number).bytes(weights));
      }
    }
    List<Slot> slots =
        SlotRing.slots(deal.slots(), largest, placement.device(), placement.queues());
    List<Part<T>> others = new ArrayList<>();
    for (int number = 0; number < deal.parts(); number++) {
      if (!deal.owns(number)) {
        PartMemory<T> part = parts.apply(number);
        others.add(new Part<>(number, part.extent(weights), part.views(slots, weights)));
      }
    }
    return new SharedParts<>(deal, slots, others);
  }

  /**
   * Reads a part that this device owns, and passes by one that it does not. Parts are read in
   * ascending order.
   */
  void read(int number, PartMemory<T> part, ArenaWeightReader weights, Arena device) {
    if (!deal.owns(number)) {
      part.read(weights.skipping());
      return;
    }
    Shape extent = part.extent(weights);
    Block block = device.block(extent.elements() * Float.BYTES);
    owned.put(number, part.read(weights.into(new Arena("part", block))));
    memory.put(number, block.tensor(0, DType.FP32, extent));
  }

  /**
   * Says where the parts of others are.
   *
   * @param all by rank
   * @param fromRank links to this device; that from itself is not used
   */
  void connect(List<SharedParts<T>> all, List<DeviceLink> fromRank) {
    peers = List.copyOf(all);
    links = List.copyOf(fromRank);
  }

  void restart() {
    others.restart();
  }

  T acquire(int number) {
    T own = owned.get(number);
    return own == null ? others.acquire(number) : own;
  }

  void release(int number) {
    if (!deal.owns(number)) {
      others.release();
    }
  }

  /** See {@link SlotRing#awaitArrivals()}. */
  void awaitArrivals() {
    others.awaitArrivals();
  }

  private void fetch(int number, Tensor target) {
    checkState(!peers.isEmpty(), "part %s is another device's, but none is connected", number);
    int owner = deal.owner(number);
    Tensor source = Objects.requireNonNull(peers.get(owner).memory.get(number));
    links.get(owner).fetch(source, target, Queue.WEIGHTS_IN);
  }
}
