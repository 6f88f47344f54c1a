package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.MemorySize;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.PlannedQueues;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.HostLayers;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.tpp.StageSpan;
import dev.longtake.runtime.strategy.tpp.StageSpan.ConditionPart;
import dev.longtake.runtime.strategy.tpp.StageSpan.StepPart;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Finds out what one device of a pipeline will need, as {@link EnginePlanner} does for a device
 * that does everything.
 */
final class StagePlanner {
  private final EngineShape shape;
  private final ModelSource source;
  private final StageRole role;
  private final ComputeDevice device;
  private final EncodingPlan encoding;
  private final long laneBytes;
  private final long workspaceBytes;
  private final Map<Residency, Weights> weights = new HashMap<>();

  /** Bytes of weights on the device, and on the host. */
  private record Weights(long device, long host) {}

  /**
   * Rehearses.
   *
   * @param device that is planned for; nothing is allocated on it
   */
  StagePlanner(EngineShape shape, ModelSource source, StageRole role, ComputeDevice device) {
    this(
        shape,
        source,
        role,
        device,
        role.decodes()
            ? EncodingPlan.rehearse(shape, source, device)
            : EncodingPlan.elsewhere(shape));
  }

  /**
   * Rehearses what the encoding does not tell.
   *
   * @param encoding of the device that decodes; another's is {@link EncodingPlan#elsewhere}
   */
  StagePlanner(
      EngineShape shape,
      ModelSource source,
      StageRole role,
      ComputeDevice device,
      EncodingPlan encoding) {
    this.shape = shape;
    this.source = source;
    this.role = role;
    this.device = device;
    this.encoding = encoding;
    try (Ops ops = device.planningOps()) {
      StageParts parts = load(Residency.all(role.layers()), ops);
      StageLane lane =
          StageLane.allocate(parts, shape, ops, new PlannedQueues(), new PlannedBlock());
      if (role.span() != null) {
        rehearseDenoising(parts, lane.denoising());
      }
      if (role.decodes()) {
        rehearseDecoding(parts.media(), lane);
      }
      this.laneBytes = lane.bytes();
      this.workspaceBytes =
          device.fixedWorkspaceBytes()
              + Math.max(encoding.workspaceBytes(), ops.workspace().peakBytes());
    }
  }

  private StageParts load(Residency residency, Ops ops) {
    Arena onDevice = new Arena("planned weights", new PlannedBlock());
    Arena onHost = new Arena("planned host weights", new PlannedBlock());
    Placement placement = new Placement(ops, new PlannedQueues(), onDevice, HostLayers.in(onHost));
    StageParts parts =
        StageParts.load(shape, source, source::plannedReader, role, residency, device, placement);
    weights.put(residency, new Weights(onDevice.peakBytes(), onHost.peakBytes()));
    return parts;
  }

  private void rehearseDenoising(StageParts parts, DenoiseLane lane) {
    StageSpan span = parts.span();
    TakeDenoiser denoiser =
        new TakeDenoiser(
            parts.transformer(),
            lane,
            Rehearsal.encoded(shape),
            Rehearsal.SILENCE,
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
    TakeDecoder decoder =
        new TakeDecoder(
            media,
            lane.decoding(),
            (frames, dropped) -> {},
            encoding.spec(),
            GenerationListener.NONE);
    decoder.prime();
    BlockPosition at = BlockPosition.FIRST;
    for (int block = 0; block <= shape.model().blocks(); block++) {
      decoder.decode(at, lane.latents().get(0).latents());
      at = at.next(shape.model());
    }
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

  /**
   * Plans the device's memory: as many layers as fit stay there. If nothing fits, the plan is the
   * smallest there is.
   */
  EnginePlan smallest(int lanes, MemoryBudget budget) {
    Residency all = Residency.all(role.layers());
    for (TextPlacement text : texts()) {
      EnginePlan plan = plan(all, lanes, text);
      if (budget.holds(plan)) {
        return plan;
      }
    }
    int most =
        EnginePlanner.most(
            0,
            role.layers(),
            count -> leanest(count, lanes).memory().totalBytes() <= budget.deviceBytes());
    return leanest(most, lanes);
  }

  private EnginePlan leanest(int weightLayers, int lanes) {
    List<TextPlacement> texts = texts();
    return plan(new Residency(weightLayers, role.layers()), lanes, texts.get(texts.size() - 1));
  }

  /** Returns where the text encoder may be, the leanest way last. */
  private List<TextPlacement> texts() {
    return role.decodes()
        ? List.of(TextPlacement.RESIDENT, TextPlacement.GUEST, TextPlacement.LAYER_BY_LAYER)
        : List.of(TextPlacement.ABSENT);
  }

  private EnginePlan plan(Residency residency, int lanes, TextPlacement placement) {
    Weights bytes = weights(residency);
    MemoryPlan bare =
        new MemoryPlan(
            bytes.device(),
            0,
            laneBytes,
            lanes,
            workspaceBytes,
            device.driverBytes(bytes.host()),
            bytes.host(),
            0);
    MemoryPlan memory =
        switch (placement) {
          case RESIDENT -> bare.withTextEncoder(encoding.textBytes());
          case GUEST -> bare.withGuests(encoding.textBytes());
          case LAYER_BY_LAYER -> bare.withGuests(encoding.textLayerBytes());
          case ABSENT -> bare;
        };
    return new EnginePlan(memory, residency, role.layers(), placement);
  }

  private Weights weights(Residency residency) {
    if (!weights.containsKey(residency)) {
      try (Ops ops = device.planningOps()) {
        load(residency, ops);
      }
    }
    return Objects.requireNonNull(weights.get(residency));
  }

  private LongtakeException refused(EnginePlan least, MemoryBudget budget) {
    String limit =
        least.memory().totalBytes() > budget.deviceBytes()
            ? "the budget is %s GiB".formatted(MemorySize.gib(budget.deviceBytes()))
            : "the host has %s GiB to pin".formatted(MemorySize.gib(budget.hostBytes()));
    return new LongtakeException(
        ErrorCode.PLAN_DOES_NOT_FIT,
        ("Strategy 'tpp' needs on %s, which %s, %s, but %s. Use more devices, fewer lanes, a "
                + "smaller size or fewer frames a clip, or raise the budget.")
            .formatted(device.description(), role.describe(), least.describe(), limit));
  }
}
