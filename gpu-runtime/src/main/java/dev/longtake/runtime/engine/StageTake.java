package dev.longtake.runtime.engine;

import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.engine.Handover.Copy;
import dev.longtake.runtime.engine.Handover.Slot;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.strategy.tpp.StageSpan;
import dev.longtake.runtime.strategy.tpp.StageSpan.ConditionPart;
import dev.longtake.runtime.strategy.tpp.StageSpan.StepPart;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one stage of a pipeline does for a take, block by block, on a thread of its own.
 *
 * <p>Step s of a block needs step s − 1 of the same block, handed over, and step s of the blocks
 * before, which are in the stage's own caches; so a stage goes on with the next block while the
 * stages behind it have this one. Only the second clip waits, for the take's first latent frame.
 */
final class StageTake {
  private final PipelineDevice device;
  private final StageSpan span;
  private final Ways ways;
  private final TakeDenoiser denoiser;
  private final DenoiseLane lane;
  private final GenerationListener listener;

  /**
   * Where a stage's inputs come from, and where its results go.
   *
   * @param from the stage before; null for the first one
   * @param to the next stage; for the last one, what decodes
   * @param next what the next stage does; null for the last one
   * @param reference from the last stage, the first latent frame
   * @param references of the last stage, to all stages
   */
  record Ways(
      @Nullable Handover from,
      Handover to,
      @Nullable StageSpan next,
      Handover reference,
      List<Handover> references) {
    /** Copies the list. */
    Ways {
      references = List.copyOf(references);
    }
  }

  StageTake(PipelineDevice device, Ways ways, TakeDenoiser denoiser, GenerationListener listener) {
    this.device = device;
    this.span = device.parts().span();
    this.ways = ways;
    this.denoiser = denoiser;
    this.lane = denoiser.lane();
    this.listener = listener;
  }

  /** Brings what the take is conditioned on to the device. */
  void load() {
    device.run(denoiser::load);
  }

  /** Fills the caches for the first time. */
  void start() {
    span.conditionParts().forEach(part -> condition(part, () -> denoiser.start(part.layers())));
  }

  /** Does the stage's part of a frame block, as soon as it is there. */
  void block(BlockPosition at) {
    if (at.changesReference()) {
      changeReference();
    }
    Handover from = ways.from();
    Slot received = from == null ? null : from.takeFilled();
    Slot free = ways.to().takeFree();
    List<Slot> first = new ArrayList<>();
    if (at.isFirst()) {
      ways.references().forEach(way -> first.add(way.takeFree()));
    }
    device.run(
        () -> {
          begin(at, received);
          for (StepPart part : span.parts()) {
            denoiser.denoise(at, part.step(), part.layers());
          }
          finish(at, free, first);
        });
  }

  private void begin(BlockPosition at, @Nullable Slot received) {
    if (received == null) {
      listener.blockStarted(at.clip(), at.block());
      listener.stageStarted(at.clip(), at.block());
      denoiser.noise(at);
      denoiser.hear(at);
      return;
    }
    denoiser.hear(at);
    received.arrived().holdBack(Queue.COMPUTE);
    listener.stageStarted(at.clip(), at.block());
    device.ops().copy(received.latents(), lane.latents());
    if (span.receivesHidden()) {
      Tensor hidden = lane.dit().blockHidden();
      device.ops().copy(received.hidden(hidden.shape().extent(0)), hidden);
    }
    requireNonNull(ways.from()).release(received);
  }

  private void finish(BlockPosition at, Slot free, List<Slot> first) {
    List<Copy> copies = new ArrayList<>();
    StageSpan next = ways.next();
    if (next != null && next.receivesHidden()) {
      copies.add(toHidden(free));
    }
    listener.stageDone(at.clip(), at.block());
    if (next == null) {
      listener.latents(at.clip(), at.block(), lane.latents());
    }
    copies.add(new Copy(lane.latents(), free.latents()));
    ways.to().send(free, copies);
    for (int i = 0; i < first.size(); i++) {
      Slot slot = first.get(i);
      ways.references()
          .get(i)
          .send(slot, List.of(new Copy(lane.latents().slice(0, 1), slot.latents())));
    }
  }

  private Copy toHidden(Slot slot) {
    Tensor hidden = lane.dit().hidden();
    return new Copy(hidden, slot.hidden(hidden.shape().extent(0)));
  }

  /** From here on the reference is the video's own first frame instead of the picture. */
  private void changeReference() {
    Slot reference = ways.reference().takeFilled();
    device.run(
        () -> {
          reference.arrived().holdBack(Queue.COMPUTE);
          device.ops().copy(reference.latents(), lane.reference());
          ways.reference().release(reference);
        });
    span.conditionParts().forEach(part -> condition(part, () -> denoiser.condition(part.layers())));
  }

  /** Takes conditions through a part of the layers. */
  private void condition(ConditionPart part, Runnable pass) {
    StageSpan next = ways.next();
    boolean sends = part.ends() && next != null && next.receivesConditions();
    Slot received = part.receives() ? requireNonNull(ways.from()).takeFilled() : null;
    Slot free = sends ? ways.to().takeFree() : null;
    device.run(
        () -> {
          if (received != null) {
            Tensor hidden = lane.dit().conditionHidden();
            received.arrived().holdBack(Queue.COMPUTE);
            device.ops().copy(received.hidden(hidden.shape().extent(0)), hidden);
            requireNonNull(ways.from()).release(received);
          }
          pass.run();
          if (free != null) {
            ways.to().send(free, List.of(toHidden(free)));
          }
        });
  }
}
