package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.FeasibilityQuery;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.PaperGpu;
import dev.longtake.runtime.engine.device.PaperHost;
import dev.longtake.runtime.memory.MemoryPlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Every way to place a model on a machine's GPUs. Each is planned by what would plan it when it is
 * opened, so none fits here and is refused there.
 */
final class PlacementTable {
  private static final double SECONDS_PER_HOUR = 3600;

  private final FeasibilityQuery query;
  private final ModelSource source;
  private final Map<PaperGpu, TeamPlanner> planners = new HashMap<>();

  PlacementTable(FeasibilityQuery query, ModelSource source) {
    this.query = query;
    this.source = source;
  }

  /** Returns the rows for one machine. */
  List<PlacementRow> rows(PaperHost host) {
    List<PlacementRow> rows = new ArrayList<>();
    for (Format format : formats()) {
      List<PaperGpu> gpus =
          host.gpus().stream()
              .filter(gpu -> gpu.computesIn(format.layers()) && gpu.computesIn(format.caches()))
              .map(gpu -> (PaperGpu) gpu.in(format.layers(), format.caches()))
              .toList();
      if (!gpus.isEmpty()) {
        rows.addAll(single(gpus));
        if (gpus.size() > 1) {
          rows.add(dataParallel(gpus));
          if (gpus.stream().distinct().count() == 1) {
            rows.addAll(together(gpus.get(0), gpus.size()));
            rows.add(unsharded(gpus.get(0), gpus.size()));
          }
        }
      }
    }
    return rows;
  }

  private record Format(Precision layers, Precision caches) {}

  private List<Format> formats() {
    return Stream.of(
            new Format(Precision.BF16, Precision.BF16),
            new Format(Precision.FP8, Precision.BF16),
            new Format(Precision.FP8, Precision.FP8))
        .filter(format -> query.precision().map(asked -> asked == format.layers()).orElse(true))
        .filter(format -> query.kvPrecision().map(asked -> asked == format.caches()).orElse(true))
        .toList();
  }

  /** Returns one GPU of each kind by itself. */
  private List<PlacementRow> single(List<PaperGpu> gpus) {
    List<PlacementRow> rows = new ArrayList<>();
    for (PaperGpu gpu : gpus.stream().distinct().toList()) {
      for (String strategy : StrategyChooser.SIMPLEST_FIRST) {
        String name = gpus.size() == 1 ? strategy : strategy + " on one " + gpu.description();
        rows.add(row(name, gpu, planner(gpu).single(strategy, query.lanes(), 1)));
      }
    }
    return rows;
  }

  /** Returns an engine on every GPU, each in the way that is best there. */
  private PlacementRow dataParallel(List<PaperGpu> gpus) {
    List<Teamwork> each =
        gpus.stream()
            .map(gpu -> planner(gpu).single(StrategyChooser.AUTO, query.lanes(), gpus.size()))
            .toList();
    int neediest =
        IntStream.range(0, each.size()).filter(i -> !each.get(i).fits()).findFirst().orElse(0);
    Teamwork all = each.get(neediest);
    for (int i = 0; i < each.size(); i++) {
      all = i == neediest ? all : all.and(each.get(i));
    }
    return row("one engine a GPU", gpus.get(neediest), all);
  }

  /** Returns the ways in which GPUs of a kind share what they do. */
  private List<PlacementRow> together(PaperGpu gpu, int gpus) {
    TeamPlanner planner = planner(gpu);
    List<PlacementRow> rows = new ArrayList<>();
    rows.add(row("sharded by layers", gpu, planner.byLayers(gpus, gpus * query.lanes())));
    if (gpus <= planner.shape().model().dit().heads()) {
      rows.add(row("sharded by heads", gpu, planner.byHeads(gpus, query.lanes())));
    }
    rows.add(
        row("tpp", gpu, planner.pipelines(gpus, planner.lanesOfPipelines(gpus, query.lanes()))));
    return rows;
  }

  /** Returns what sharded weights need that are gathered as a whole before they compute. */
  private PlacementRow unsharded(PaperGpu gpu, int gpus) {
    Teamwork resident = planner(gpu).single("resident", 1, 1);
    MemoryPlan plan = resident.plan().memory();
    long shardBytes = plan.weightBytes() / gpus;
    MemoryPlan gathered =
        new MemoryPlan(
            plan.weightBytes() + shardBytes,
            0,
            plan.laneBytes(),
            1,
            plan.workspaceBytes(),
            plan.driverBytes(),
            0,
            0);
    String remark =
        "a shard of %s and all weights at once, %s GiB"
            .formatted(PlacementReport.gib(shardBytes), PlacementReport.gib(plan.weightBytes()));
    EnginePlan whole =
        new EnginePlan(
            gathered,
            resident.plan().residency(),
            resident.plan().layers(),
            resident.plan().text());
    return row(
        "whole model unsharded (FSDP)",
        gpu,
        new Teamwork(1, 1, 1, whole, resident.budget(), 0, 0).times(gpus),
        resident.budget().holds(whole),
        remark + ", is not offered here");
  }

  private TeamPlanner planner(PaperGpu gpu) {
    return planners.computeIfAbsent(gpu, wanted -> new TeamPlanner(config(wanted), source, wanted));
  }

  private EngineConfig config(PaperGpu gpu) {
    return new EngineConfig(
        query.model(),
        "cuda",
        StrategyChooser.AUTO,
        gpu.precision(),
        query.height(),
        query.width(),
        query.clipFrames(),
        query.sampleSteps(),
        query.lanes(),
        1,
        query.budgetBytes(),
        gpu.kvPrecision());
  }

  private PlacementRow row(String placement, PaperGpu gpu, Teamwork work) {
    return row(placement, gpu, work, work.fits(), "");
  }

  private PlacementRow row(
      String placement, PaperGpu gpu, Teamwork work, boolean fits, String remark) {
    MemoryPlan plan = work.plan().memory();
    MemoryBudget budget = work.budget();
    double fps = work.fps();
    return new PlacementRow(
        placement,
        gpu.precision().name().toLowerCase(Locale.ROOT),
        gpu.kvPrecision().name().toLowerCase(Locale.ROOT),
        work.devices(),
        work.lanes(),
        new PlacementRow.Uses(
            plan.weightBytes(),
            plan.textEncoderBytes(),
            plan.lanes() * plan.laneBytes(),
            plan.workspaceBytes(),
            plan.driverBytes()),
        plan.totalBytes(),
        budget.deviceBytes(),
        plan.hostBytes(work.devices()),
        budget.hostBytes(),
        fits,
        work.fits() ? work.takeFps() : null,
        work.fits() ? fps : null,
        work.fits() && query.frames() > 0
            ? work.devices() * query.frames() / fps / SECONDS_PER_HOUR
            : null,
        remark);
  }
}
