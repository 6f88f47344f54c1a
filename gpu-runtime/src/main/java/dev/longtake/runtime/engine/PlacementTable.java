package dev.longtake.runtime.engine;

import static java.util.Comparator.comparing;
import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.FeasibilityQuery;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.PaperGpu;
import dev.longtake.runtime.engine.device.PaperHost;
import dev.longtake.runtime.engine.forecast.SweepForecast;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.strategy.sharded.HeadsStrategy;
import dev.longtake.runtime.strategy.sharded.Shard;
import dev.longtake.runtime.strategy.tpp.StageStrategy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Every way to place a model on a machine's GPUs. Each is planned by what would plan it when it is
 * opened, so none fits here and is refused there.
 */
final class PlacementTable {
  private static final double SECONDS_PER_HOUR = 3600;

  private final FeasibilityQuery query;
  private final ModelSource source;
  private final Map<PaperGpu, EnginePlanner> planners = new HashMap<>();

  PlacementTable(FeasibilityQuery query, ModelSource source) {
    this.query = query;
    this.source = source;
  }

  /**
   * A way on one GPU, or on one of several that all do the same.
   *
   * @param forecast null if it does not fit
   */
  private record Way(EnginePlan plan, MemoryBudget budget, @Nullable SweepForecast forecast) {
    double fps() {
      return forecast == null ? 0 : forecast.fps();
    }
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
            rows.add(shardedByLayers(gpus));
            if (gpus.size() <= planner(gpus.get(0)).shape().model().dit().heads()) {
              rows.add(shardedByHeads(gpus));
            }
            rows.add(pipeline(gpus));
            rows.add(unsharded(gpus));
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
        Way way = best(gpu, ExecutionStrategies.named(strategy), 1);
        String name = gpus.size() == 1 ? strategy : strategy + " on one " + gpu.description();
        rows.add(row(name, gpu, 1, way, way.fps(), ""));
      }
    }
    return rows;
  }

  /** Returns an engine on every GPU, each in the way that is best there. */
  private PlacementRow dataParallel(List<PaperGpu> gpus) {
    List<Way> ways = gpus.stream().map(gpu -> bestOfAll(gpu, gpus.size())).toList();
    int neediest =
        IntStream.range(0, ways.size())
            .filter(i -> ways.get(i).forecast() == null)
            .findFirst()
            .orElse(0);
    double fps = ways.stream().mapToDouble(Way::fps).sum();
    return row("one engine a GPU", gpus.get(neediest), gpus.size(), ways.get(neediest), fps, "");
  }

  private Way bestOfAll(PaperGpu gpu, int sharers) {
    Way resident = best(gpu, ExecutionStrategies.named("resident"), sharers);
    Way offload = best(gpu, ExecutionStrategies.named("offload"), sharers);
    return resident.fps() * StrategyChooser.WORTH_IT >= offload.fps() && resident.forecast() != null
        ? resident
        : offload;
  }

  /** Returns layers that are divided among all GPUs, each with lanes of its own. */
  private PlacementRow shardedByLayers(List<PaperGpu> gpus) {
    PaperGpu gpu = gpus.get(0);
    Way way =
        best(
            gpu,
            LayerSharing.strategy(new Shard(0, gpus.size()), planner(gpu).shape()),
            gpus.size());
    return row("sharded by layers", gpu, gpus.size(), way, gpus.size() * way.fps(), "");
  }

  /** Returns tokens and heads that are divided among all GPUs. */
  private PlacementRow shardedByHeads(List<PaperGpu> gpus) {
    PaperGpu gpu = gpus.get(0);
    Way way = best(gpu, new HeadsStrategy(new Shard(0, gpus.size())), gpus.size());
    SweepForecast forecast = way.forecast();
    MemoryPlan plan = way.plan().memory();
    return row(
        "sharded by heads",
        format(gpu),
        gpus.size(),
        plan.lanes(),
        plan,
        way.budget(),
        forecast != null,
        forecast == null ? null : forecast.fps() / forecast.lanes(),
        way.fps(),
        "");
  }

  /** Returns steps that are dealt over the GPUs, in as many pipelines as give most frames. */
  private PlacementRow pipeline(List<PaperGpu> gpus) {
    PaperGpu gpu = gpus.get(0);
    int lanes = Math.max(1, query.lanes());
    int together = PipelineLayout.devicesTogether(config(gpu, lanes), gpus.size());
    return IntStream.of(together, gpus.size())
        .distinct()
        .mapToObj(size -> pipelines(gpu, size, gpus.size() / size, lanes))
        .max(comparing(PlacementRow::fits).thenComparingDouble(row -> orZero(row.fps())))
        .orElseThrow();
  }

  private static double orZero(@Nullable Double value) {
    return value == null ? 0 : value;
  }

  /** Returns pipelines of so many GPUs each; the plan is that of the GPU that needs most. */
  private PlacementRow pipelines(PaperGpu gpu, int size, int pipelines, int lanes) {
    EngineShape shape = planner(gpu).shape();
    List<StageRole> roles = PipelineLayout.of(size, config(gpu, lanes), shape.model()).roles();
    MemoryBudget budget = budget(gpu);
    EnginePlan neediest = null;
    double fps = Double.MAX_VALUE;
    boolean fits = true;
    for (StageRole role : roles) {
      EnginePlan plan = new StagePlanner(shape, source, role, gpu).smallest(lanes, budget);
      fits &= budget.holds(plan);
      neediest = neediest == null || needs(plan) > needs(neediest) ? plan : neediest;
      double stageFps =
          planner(gpu)
              .forecast(plan, gpu.speed())
              .pipelineFps(role.share(shape.model()), role.decodes());
      fps = Math.min(fps, stageFps);
    }
    MemoryPlan plan = requireNonNull(neediest).memory();
    return row(
        "tpp",
        format(gpu),
        pipelines * roles.size(),
        pipelines * lanes,
        plan,
        budget,
        fits,
        fits ? fps / lanes : null,
        pipelines * fps,
        "");
  }

  /** Returns what a plan needs of device and host. */
  private static long needs(EnginePlan plan) {
    return plan.memory().totalBytes() + plan.memory().hostBytes();
  }

  private EngineConfig config(PaperGpu gpu, int lanes) {
    return new EngineConfig(
        query.model(),
        "cuda",
        StageStrategy.NAME,
        gpu.precision(),
        query.height(),
        query.width(),
        query.clipFrames(),
        query.sampleSteps(),
        lanes,
        1,
        query.budgetBytes(),
        gpu.kvPrecision());
  }

  /** Returns what sharded weights need that are gathered as a whole before they compute. */
  private PlacementRow unsharded(List<PaperGpu> gpus) {
    PaperGpu gpu = gpus.get(0);
    EnginePlanner planner = planner(gpu);
    MemoryBudget budget = budget(gpu);
    ExecutionStrategy resident = ExecutionStrategies.named("resident");
    MemoryPlan plan = planner.plan(resident, 1, 1, 1).memory();
    long shardBytes = plan.weightBytes() / gpus.size();
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
    return row(
        "whole model unsharded (FSDP)",
        format(gpu),
        gpus.size(),
        gpus.size(),
        gathered,
        budget,
        gathered.totalBytes() <= budget.deviceBytes(),
        null,
        0,
        remark + ", is not offered here");
  }

  private Way best(PaperGpu gpu, ExecutionStrategy strategy, int sharers) {
    EnginePlanner planner = planner(gpu);
    MemoryBudget budget = budget(gpu);
    List<Integer> lanes =
        query.lanes() == EngineConfig.LANES_AUTO
            ? IntStream.rangeClosed(1, StrategyChooser.MOST_LANES).boxed().toList()
            : List.of(query.lanes());
    Way best = null;
    for (int count : lanes) {
      EnginePlan plan = planner.plan(strategy, count, budget.deviceBytes(), budget.hostBytes());
      if (budget.holds(plan, sharers)) {
        Way way = new Way(plan, budget, planner.forecast(strategy, plan, gpu.speed()));
        best = best == null || way.fps() > best.fps() * StrategyChooser.WORTH_IT ? way : best;
      }
    }
    return best == null
        ? new Way(
            planner.plan(strategy, lanes.get(0), budget.deviceBytes(), budget.hostBytes()),
            budget,
            null)
        : best;
  }

  private MemoryBudget budget(PaperGpu gpu) {
    return new MemoryBudget(
        Math.min(query.budgetBytes(), gpu.availableBytes() + gpu.driverBytes(0)), gpu.hostBytes());
  }

  private EnginePlanner planner(PaperGpu gpu) {
    return planners.computeIfAbsent(
        gpu,
        wanted ->
            new EnginePlanner(
                source.shape(
                    query.height(), query.width(), query.clipFrames(), query.sampleSteps()),
                source,
                wanted));
  }

  private PlacementRow row(
      String placement, PaperGpu gpu, int gpus, Way way, double fps, String remark) {
    SweepForecast forecast = way.forecast();
    return row(
        placement,
        format(gpu),
        gpus,
        gpus * way.plan().memory().lanes(),
        way.plan().memory(),
        way.budget(),
        forecast != null,
        forecast == null ? null : forecast.fps() / forecast.lanes(),
        fps,
        remark);
  }

  private PlacementRow row(
      String placement,
      Format format,
      int gpus,
      int lanes,
      MemoryPlan plan,
      MemoryBudget budget,
      boolean fits,
      @Nullable Double fpsPerVideo,
      double fps,
      String remark) {
    boolean isRate = fpsPerVideo != null;
    return new PlacementRow(
        placement,
        format.layers().name().toLowerCase(Locale.ROOT),
        format.caches().name().toLowerCase(Locale.ROOT),
        gpus,
        lanes,
        new PlacementRow.Uses(
            plan.weightBytes(),
            plan.textEncoderBytes(),
            plan.lanes() * plan.laneBytes(),
            plan.workspaceBytes(),
            plan.driverBytes()),
        plan.totalBytes(),
        budget.deviceBytes(),
        plan.hostBytes(gpus),
        budget.hostBytes(),
        fits,
        fpsPerVideo,
        isRate ? fps : null,
        isRate && query.frames() > 0 ? gpus * query.frames() / fps / SECONDS_PER_HOUR : null,
        remark);
  }

  private static Format format(PaperGpu gpu) {
    return new Format(gpu.precision(), gpu.kvPrecision());
  }
}
