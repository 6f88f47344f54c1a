package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.MemorySize;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.HostReadback;
import dev.longtake.runtime.engine.device.PlannedQueues;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.spi.HostLayers;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.tpp.StageSpan;
import dev.longtake.runtime.strategy.tpp.StageSpan.ConditionPart;
import dev.longtake.runtime.strategy.tpp.StageSpan.StepPart;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds out what one device of a pipeline will need, as {@link EnginePlanner} does for a device
 * that does everything.
 */
final class StagePlanner {

  private final EngineShape shape;
  private final ModelSource source;
  private final StageRole role;
  private final ComputeDevice device;
  private final Arena weights = new Arena("planned weights", new PlannedBlock());
  private final Arena text = new Arena("planned text encoder", new PlannedBlock());
  private final Arena textLayer = new Arena("planned text encoder's layer", new PlannedBlock());
  private final long laneBytes;
  private final long workspaceBytes;

  /**
   * Rehearses.
   *
   * @param device that is planned for; nothing is allocated on it
   */
  StagePlanner(EngineShape shape, ModelSource source, StageRole role, ComputeDevice device) {
    this.shape = shape;
    this.source = source;
    this.role = role;
    this.device = device;
    try (Ops ops = device.planningOps()) {
      PlannedQueues queues = new PlannedQueues();
      Arena host = new Arena("planned host weights", new PlannedBlock());
      StageParts parts =
          StageParts.load(
              shape,
              source,
              source::plannedReader,
              role,
              device,
              new Placement(ops, queues, weights, HostLayers.in(host)));
      StageLane lane = StageLane.allocate(parts, shape, ops, queues, new PlannedBlock());
      if (role.span() != null) {
        rehearseDenoising(parts, lane.denoising());
      }
      if (role.decodes()) {
        rehearseDecoding(parts.media(), lane);
      }
      this.laneBytes = lane.bytes();
      this.workspaceBytes = device.fixedWorkspaceBytes() + ops.workspace().peakBytes();
    }
  }

  private void rehearseDenoising(StageParts parts, DenoiseLane lane) {
    StageSpan span = parts.span();
    TakeDenoiser denoiser =
        new TakeDenoiser(
            parts.transformer(),
            lane,
            Rehearsal.encoded(shape),
            new TakeRandom(0, 0),
            pass -> parts.transformer().executor().sweep(List.of(pass)),
            GenerationListener.NONE);
    denoiser.load();
    lane.dit().conditionHidden();
    for (ConditionPart part : span.conditionParts()) {
      denoiser.start(part.layers());
    }
    BlockPosition at = BlockPosition.FIRST;
    for (int block = 0; block <= shape.model().blocks(); block++) {
      denoiser.noise(at);
      denoiser.hear(at);
      lane.dit().blockHidden();
      for (StepPart part : span.parts()) {
        denoiser.denoise(at, part.step(), part.layers());
      }
      at = at.next(shape.model());
    }
  }

  private void rehearseDecoding(MediaModels media, StageLane lane) {
    ConditionEncoder conditions = new ConditionEncoder(media);
    T5Encoder encoder =
        ModelStack.loadTextEncoder(shape, source, source::plannedReader, media.ops(), text);
    ModelStack.streamTextEncoder(shape, source, source::plannedReader, media.ops(), textLayer);
    TakeSpec spec = Rehearsal.encode(conditions, encoder, shape);
    HostReadback readback =
        new HostReadback(media.ops(), DitConfig.BLOCK_FRAMES, shape.latentFrameValues());
    TakeDecoder decoder =
        new TakeDecoder(media, lane.decoding(), readback, spec, GenerationListener.NONE);
    decoder.prime();
    BlockPosition at = BlockPosition.FIRST;
    for (int block = 0; block <= shape.model().blocks(); block++) {
      decoder.decode(at, lane.latents().get(0).latents());
      decoder.delivery().deliverAll((frame, rgb) -> {});
      at = at.next(shape.model());
    }
    conditions.end(decoder.delivery().history(), decoder.delivery().frames());
  }

  /**
   * Plans the device's memory.
   *
   * @throws LongtakeException PLAN_DOES_NOT_FIT
   */
  EnginePlan plan(int lanes, MemoryBudget budget) {
    EnginePlan plan = smallest(lanes, budget);
    if (!budget.holds(plan)) {
      throw refused(plan, budget);
    }
    return plan;
  }

  /** Plans the device's memory; if nothing fits, the plan is the smallest there is. */
  EnginePlan smallest(int lanes, MemoryBudget budget) {
    MemoryPlan bare =
        new MemoryPlan(
            weights.peakBytes(), 0, laneBytes, lanes, workspaceBytes, device.driverBytes(0), 0, 0);
    List<EnginePlan> plans = new ArrayList<>();
    if (role.decodes()) {
      plans.add(plan(bare.withTextEncoder(text.peakBytes()), TextPlacement.RESIDENT));
      plans.add(plan(bare.withGuests(text.peakBytes()), TextPlacement.GUEST));
      plans.add(plan(bare.withGuests(textLayer.peakBytes()), TextPlacement.LAYER_BY_LAYER));
    } else {
      plans.add(plan(bare, TextPlacement.ABSENT));
    }
    return plans.stream()
        .filter(budget::holds)
        .findFirst()
        .orElseGet(() -> plans.get(plans.size() - 1));
  }

  private EnginePlan plan(MemoryPlan memory, TextPlacement placement) {
    int layers = shape.model().dit().layers();
    return new EnginePlan(memory, Residency.all(layers), layers, placement);
  }

  private LongtakeException refused(EnginePlan least, MemoryBudget budget) {
    return new LongtakeException(
        ErrorCode.PLAN_DOES_NOT_FIT,
        ("Strategy 'tpp' needs on %s, which %s, %s, but the budget is %s GiB. Use more devices, "
                + "fewer lanes, a smaller size or fewer frames a clip, or raise the budget.")
            .formatted(
                device.description(),
                role.describe(),
                least.describe(),
                MemorySize.gib(budget.deviceBytes())));
  }
}
