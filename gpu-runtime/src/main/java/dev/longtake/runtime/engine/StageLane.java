package dev.longtake.runtime.engine;

import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.engine.Handover.Slot;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.TokenGrid;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.strategy.tpp.StageSpan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The memory of one take on one device of a pipeline. */
final class StageLane {
  private final StageParts parts;
  private final Block memory;
  private final List<Slot> blocks;
  private final List<Slot> reference;
  private final List<Slot> latents;
  private final long slotBytes;
  private @Nullable DenoiseLane denoising;
  private @Nullable DecodeLane decoding;
  private long peakBytes;

  private StageLane(
      StageParts parts, EngineShape shape, Ops ops, DeviceQueues queues, Block memory) {
    this.parts = parts;
    this.memory = memory;
    Arena arena = new Arena("lane", memory);
    StageSpan span = parts.role().span();
    boolean denoises = span != null;
    boolean hasStageBefore = denoises && span.first() > 0;
    this.blocks =
        Handover.slots(
            hasStageBefore ? Handover.SLOTS : 0,
            DitConfig.BLOCK_FRAMES,
            denoises ? hiddenTokens(span, shape.model().grid()) : 0,
            shape,
            ops,
            queues,
            arena);
    this.reference = Handover.slots(denoises ? 1 : 0, 1, 0, shape, ops, queues, arena);
    this.latents =
        Handover.slots(
            parts.role().decodes() ? Handover.SLOTS : 0,
            DitConfig.BLOCK_FRAMES,
            0,
            shape,
            ops,
            queues,
            arena);
    this.slotBytes = arena.peakBytes();
    renew();
  }

  /**
   * Takes memory for a take.
   *
   * @param ops of the device, as are {@code queues} and {@code memory}
   */
  static StageLane allocate(
      StageParts parts, EngineShape shape, Ops ops, DeviceQueues queues, Block memory) {
    return new StageLane(parts, shape, ops, queues, memory);
  }

  private static int hiddenTokens(StageSpan span, TokenGrid grid) {
    if (!span.receivesHidden()) {
      return 0;
    }
    return span.receivesConditions()
        ? Math.max(grid.blockTokens(), grid.conditionTokens())
        : grid.blockTokens();
  }

  /** Makes ready for a take after a guest has used the memory; runs on the device. */
  void renew() {
    Arena arena = new Arena("lane", memory.part(slotBytes, memory.capacityBytes() - slotBytes));
    Arena host = new Arena("host lane", new PlannedBlock());
    denoising =
        parts.denoising() == null ? null : DenoiseLane.allocate(parts.transformer(), arena, host);
    decoding = parts.decoding() == null ? null : DecodeLane.allocate(parts.media(), arena);
    peakBytes = slotBytes + arena.peakBytes();
  }

  /** Returns how many bytes this takes. */
  long bytes() {
    return peakBytes;
  }

  /** Returns the memory, which guests may use between two takes. */
  Block memory() {
    return memory;
  }

  /** Returns where what the stage before has made of a block arrives. */
  List<Slot> blocks() {
    return blocks;
  }

  /** Returns where the take's first latent frame arrives, the later reference. */
  List<Slot> reference() {
    return reference;
  }

  /** Returns where finished latents arrive, to be decoded. */
  List<Slot> latents() {
    return latents;
  }

  DenoiseLane denoising() {
    return requireNonNull(denoising);
  }

  DecodeLane decoding() {
    return requireNonNull(decoding);
  }
}
