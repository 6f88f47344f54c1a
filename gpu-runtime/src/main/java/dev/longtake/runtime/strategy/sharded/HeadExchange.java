package dev.longtake.runtime.strategy.sharded;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.Division;
import dev.longtake.runtime.model.dit.Span;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DeviceLink;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.spi.Fence;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One device's side of a {@link Division}. Devices exchange in rounds: each offers something to all
 * others; their threads meet; then each fetches, beside what it computes, what it was offered, as
 * soon as both it and the one who offers have come as far.
 *
 * <p>Who has got everything of a round knows that the others have got everything of the round
 * before. So what was offered may be overwritten when the next round has been completed, without
 * asking anybody.
 */
public final class HeadExchange implements Division {
  private static final int OFFERS = 3; // of a round: queries, keys and values

  private final Shard shard;
  private final Ops ops;
  private final int width;
  private final int headWidth;
  private final int allHeads;
  private final Span heads;
  private final List<Outgoing> outgoing = new ArrayList<>();
  private final Tensor attended;
  private final Tensor joined;
  private final List<List<Fence>> ready = new ArrayList<>(); // of a round and the one before
  private final Fence arrived;

  private final List<Offer> offers = new ArrayList<>();
  private final List<List<Offer>> published = new ArrayList<>(List.of(List.of(), List.of()));
  private int nextOutgoing;
  private long round;

  private @Nullable Meeting meeting;
  private List<HeadExchange> peers = List.of();
  private List<DeviceLink> links = List.of();

  /**
   * What a device has for the others, and where it wants what they have for it.
   *
   * @param parts by the rank that they are for
   * @param targets by the rank that they come from, shaped as what comes
   * @param ready reached when the parts are complete, and the targets may be overwritten
   */
  private record Offer(List<Tensor> parts, List<Tensor> targets, Fence ready) {}

  /** Memory of what is offered. */
  private static final class Outgoing {
    private final Tensor memory;
    private long round = -2;

    Outgoing(Tensor memory) {
      this.memory = memory;
    }
  }

  /** Takes memory for what is exchanged. */
  HeadExchange(Shard shard, ModelShape shape, Placement placement) {
    DitConfig config = shape.dit();
    this.shard = shard;
    this.ops = placement.ops();
    this.width = config.width();
    this.headWidth = config.headWidth();
    this.allHeads = config.heads();
    this.heads = headsOf(shard.rank());
    int blockTokens = shape.grid().blockTokens();
    int conditionTokens = shape.grid().conditionTokens();
    int mostOwn = Math.max(tokens(blockTokens).count(), tokens(conditionTokens).count());
    for (int i = 0; i < OFFERS; i++) {
      outgoing.add(new Outgoing(memory(placement.device(), mostOwn, width)));
    }
    int most = Math.max(blockTokens, conditionTokens);
    this.attended = memory(placement.device(), most, heads.count() * headWidth);
    int patchValues = DitConfig.PATCH * DitConfig.PATCH * config.latentChannels();
    this.joined =
        placement.device().tensor(placement.ops().activationType(), blockTokens, patchValues);
    for (int parity = 0; parity < published.size(); parity++) {
      List<Fence> fences = new ArrayList<>();
      for (int i = 0; i < OFFERS; i++) {
        fences.add(placement.queues().fence());
      }
      ready.add(fences);
    }
    this.arrived = placement.queues().fence();
  }

  private Tensor memory(Arena arena, int tokens, int values) {
    return arena.tensor(ops.activationType(), Math.multiplyExact(tokens, values));
  }

  /**
   * Lets this device exchange with others; until then, what would be exchanged is taken memory for,
   * but does not move. To be called when all have been opened.
   *
   * @param all of a model's divisions, by rank; each must stay open until this one has {@link
   *     #settle settled}
   * @param fromRank links to this device, by rank; that from itself is not used
   * @param common of all of them
   */
  public void connect(List<HeadExchange> all, List<DeviceLink> fromRank, Meeting common) {
    peers = List.copyOf(all);
    links = List.copyOf(fromRank);
    meeting = common;
  }

  /** Waits until nothing is on its way from others, and forgets what has not been exchanged. */
  public void settle() {
    arrived.set(Queue.CACHES_IN);
    arrived.holdBack(Queue.COMPUTE);
    ops.synchronize();
    offers.clear();
    outgoing.forEach(each -> each.round = -2);
    nextOutgoing = 0;
    round = 0;
  }

  @Override
  public Span tokens(int total) {
    return tokensOf(shard.rank(), total);
  }

  private Span tokensOf(int rank, int total) {
    return Span.part(rank, shard.count(), total);
  }

  @Override
  public Span heads() {
    return heads;
  }

  private Span headsOf(int rank) {
    return Span.part(rank, shard.count(), allHeads);
  }

  @Override
  public void spread(Tensor own, Tensor all) {
    int total = all.shape().extent(0);
    Span mine = tokens(total);
    Tensor rows = own.reshape(mine.count(), width);
    Outgoing memory = nextOutgoing();
    List<Tensor> parts = new ArrayList<>();
    List<Tensor> targets = new ArrayList<>();
    for (int rank = 0; rank < shard.count(); rank++) {
      Tensor target = flat(tokensOf(rank, total).of(all));
      Span columns = columns(rank);
      Tensor part =
          rank == shard.rank()
              ? target
              : memory
                  .memory
                  .slice(mine.count() * columns.first(), mine.count() * columns.count())
                  .reshape(mine.count(), columns.count());
      ops.copyColumns(rows, columns.first(), part);
      parts.add(part);
      targets.add(target);
    }
    offer(parts, targets);
  }

  private Outgoing nextOutgoing() {
    Outgoing next = outgoing.get(nextOutgoing);
    nextOutgoing = (nextOutgoing + 1) % outgoing.size();
    checkState(next.round + 2 <= round, "others may not have got yet what this would overwrite");
    next.round = round;
    return next;
  }

  private void offer(List<Tensor> parts, List<Tensor> targets) {
    Fence fence = ready.get(parity()).get(offers.size());
    fence.set(Queue.COMPUTE);
    offers.add(new Offer(parts, targets, fence));
  }

  private int parity() {
    return (int) (round % published.size());
  }

  @Override
  public void exchange() {
    if (meeting != null) {
      published.set(parity(), List.copyOf(offers));
      meeting.attend();
      for (int i = 0; i < offers.size(); i++) {
        fetch(i);
      }
      arrived.set(Queue.CACHES_IN);
      arrived.holdBack(Queue.COMPUTE);
    }
    offers.clear();
    round++;
  }

  private void fetch(int index) {
    Offer mine = offers.get(index);
    mine.ready().holdBack(Queue.CACHES_IN);
    for (int i = 1; i < shard.count(); i++) {
      int rank = (shard.rank() + i) % shard.count(); // so that not all ask the same at once
      Offer theirs = peers.get(rank).published.get(parity()).get(index);
      links
          .get(rank)
          .fetch(
              theirs.parts().get(shard.rank()),
              theirs.ready(),
              mine.targets().get(rank),
              Queue.CACHES_IN);
    }
  }

  @Override
  public Tensor attended(int total) {
    return attended
        .slice(0, total * heads.count() * headWidth)
        .reshape(total, heads.count(), headWidth);
  }

  @Override
  public void collect(int total, Tensor own) {
    Tensor given = attended(total);
    Tensor rows = own.reshape(own.shape().extent(0), width);
    try (Arena.Scope scope = ops.workspace().scope()) {
      List<Tensor> parts = new ArrayList<>();
      List<Tensor> targets = new ArrayList<>();
      for (int rank = 0; rank < shard.count(); rank++) {
        Tensor part = flat(tokensOf(rank, total).of(given));
        parts.add(part);
        targets.add(
            rank == shard.rank()
                ? part
                : ops.workspace()
                    .tensor(ops.activationType(), rows.shape().extent(0), columns(rank).count()));
      }
      offer(parts, targets);
      exchange();
      for (int rank = 0; rank < shard.count(); rank++) {
        ops.putColumns(targets.get(rank), rows, columns(rank).first());
      }
    }
  }

  @Override
  public Tensor join(int total, Tensor own) {
    Tensor mine = tokens(total).of(joined);
    ops.copy(own, mine);
    List<Tensor> parts = new ArrayList<>();
    List<Tensor> targets = new ArrayList<>();
    for (int rank = 0; rank < shard.count(); rank++) {
      parts.add(mine);
      targets.add(tokensOf(rank, total).of(joined));
    }
    offer(parts, targets);
    exchange();
    return joined;
  }

  /** Returns which of a token's values are heads of a rank. */
  private Span columns(int rank) {
    Span of = headsOf(rank);
    return new Span(of.first() * headWidth, of.count() * headWidth);
  }

  private Tensor flat(Tensor tokens) {
    return tokens.reshape(tokens.shape().extent(0), heads.count() * headWidth);
  }
}
