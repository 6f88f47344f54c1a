package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.forecast.SweepForecast;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.strategy.sharded.HeadsStrategy;
import dev.longtake.runtime.strategy.sharded.Shard;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Plans and forecasts what devices of a kind can do together, or each alone. Each way is planned by
 * what plans it when it is opened, so that none fits here and is refused there; what ways have in
 * common is planned once.
 *
 * <p>Lanes are those of all devices, or {@link EngineConfig#LANES_AUTO}.
 */
final class TeamPlanner {
  private final EngineConfig config;
  private final ModelSource source;
  private final EnginePlanners planners;
  private final Map<StageRole, StagePlanner> stages = new HashMap<>();

  /**
   * Prepares planning; plans nothing yet.
   *
   * @param config of which strategy and lanes are not looked at
   * @param device like each of the devices; it is planned for and not used
   */
  TeamPlanner(EngineConfig config, ModelSource source, ComputeDevice device) {
    this.config = config;
    this.source = source;
    this.planners = new EnginePlanners(config, source, device);
  }

  /** Returns all sizes. */
  EngineShape shape() {
    return planners.asked().shape();
  }

  /** Returns whether forecasts can be shown to people. */
  boolean isCalibrated() {
    return planners.speed().calibrated();
  }

  /** Returns devices that each have an engine of their own, as far as there are lanes for them. */
  Teamwork alone(int devices, int lanes) {
    if (lanes == EngineConfig.LANES_AUTO) {
      return single(StrategyChooser.AUTO, lanes, devices).times(devices);
    }
    int busy = Math.min(devices, lanes);
    int fewer = lanes / busy;
    int withMore = lanes % busy;
    Teamwork each = single(StrategyChooser.AUTO, fewer, busy).times(busy - withMore);
    return withMore == 0
        ? each
        : single(StrategyChooser.AUTO, fewer + 1, busy).times(withMore).and(each);
  }

  /**
   * Returns one device that does everything.
   *
   * @param sharers devices that do the same, and share the host
   */
  Teamwork single(String strategy, int lanes, int sharers) {
    return best(config.withStrategy(strategy), null, lanes, sharers);
  }

  /** Returns devices that each own a part of the layers, and have lanes of their own. */
  Teamwork byLayers(int devices, int lanes) {
    ExecutionStrategy strategy = LayerSharing.strategy(new Shard(0, devices), shape());
    int each = (lanes + devices - 1) / devices;
    Teamwork first = best(config, strategy, each, devices);
    int all = lanes == EngineConfig.LANES_AUTO ? devices * first.lanes() : lanes;
    return new Teamwork(
        1, devices, all, first.plan(), first.budget(), all * first.takeFps(), first.takeFps());
  }

  /** Returns devices that each have a part of the tokens and heads of all lanes. */
  Teamwork byHeads(int devices, int lanes) {
    Teamwork each = best(config, new HeadsStrategy(new Shard(0, devices)), lanes, devices);
    return new Teamwork(
        1, devices, each.lanes(), each.plan(), each.budget(), each.fps(), each.takeFps());
  }

  /**
   * Returns the lanes of all pipelines that have so many each, or {@link EngineConfig#LANES_AUTO}.
   */
  int lanesOfPipelines(int devices, int lanes) {
    return lanes * (devices / PipelineLayout.sizes(config, devices).get(0));
  }

  /** Returns as many pipelines as make most frames of so many takes. */
  Teamwork pipelines(int devices, int lanes) {
    return fasterPipelines(devices, lanes, 0).orElseThrow();
  }

  /**
   * Returns as many pipelines as make most frames, if that is worth it.
   *
   * @param fps that they have to be faster than; with 0, what is returned need not fit
   */
  Optional<Teamwork> fasterPipelines(int devices, int lanes, double fps) {
    Optional<Teamwork> best = Optional.empty();
    for (int each : PipelineLayout.sizes(config, devices)) {
      int size = Math.min(each, devices);
      int teams = PipelineLayout.teams(devices, size, lanes);
      double toBeat = StrategyChooser.WORTH_IT * best.map(Teamwork::fps).orElse(fps);
      if (teams * mostOfPipeline(size) > toBeat) {
        Teamwork found = pipeline(size, (lanes + teams - 1) / teams).times(teams);
        if (found.fps() > toBeat || (best.isEmpty() && fps == 0)) {
          best = Optional.of(lanes == EngineConfig.LANES_AUTO ? found : found.withLanes(lanes));
        }
      }
    }
    return best;
  }

  /** Returns devices that every take passes through; one take keeps all busy. */
  Teamwork pipeline(int devices, int lanes) {
    PipelineLayout layout = layout(devices);
    if (layout.roles().size() == 1) {
      return alone(1, lanes);
    }
    int takes = Math.max(1, lanes);
    MemoryBudget budget = budget();
    EnginePlan neediest = null;
    double fps = Double.MAX_VALUE;
    for (StageRole role : layout.roles()) {
      EnginePlan plan = stage(role).smallest(takes, budget);
      neediest = neediest == null || needs(plan) > needs(neediest) ? plan : neediest;
      SweepForecast forecast = planners.asked().forecast(plan, planners.speed());
      fps = budget.holds(plan) ? Math.min(fps, fps(forecast, role)) : 0;
    }
    return new Teamwork(1, layout.roles().size(), takes, neediest, budget, fps, fps / takes);
  }

  /** Returns what a pipeline cannot be faster than: with everything on the devices. */
  private double mostOfPipeline(int devices) {
    SweepForecast forecast = planners.asked().forecastResident(planners.speed());
    return layout(devices).roles().stream()
        .mapToDouble(role -> fps(forecast, role))
        .min()
        .orElseThrow();
  }

  /** Returns what devices cannot be faster than that each have takes of their own. */
  double most(int devices) {
    return devices * planners.asked().forecastResident(planners.speed()).fps();
  }

  private PipelineLayout layout(int devices) {
    return PipelineLayout.of(devices, config, shape().model());
  }

  private double fps(SweepForecast forecast, StageRole role) {
    return forecast.pipelineFps(role.share(shape().model()), role.decodes());
  }

  private StagePlanner stage(StageRole role) {
    return stages.computeIfAbsent(
        role,
        wanted ->
            new StagePlanner(
                shape(),
                source,
                wanted,
                planners.device(),
                wanted.decodes() ? planners.asked().encoding() : EncodingPlan.elsewhere(shape())));
  }

  /** Returns what a plan needs of device and host. */
  private static long needs(EnginePlan plan) {
    return plan.memory().totalBytes() + plan.memory().hostBytes();
  }

  /** Returns one of several devices that do the same, with as many lanes as are best. */
  private Teamwork best(
      EngineConfig asked, @Nullable ExecutionStrategy strategy, int lanes, int sharers) {
    StrategyChooser chooser =
        new StrategyChooser(asked.on(asked.device(), lanes), strategy, planners);
    MemoryBudget budget = budget().sharedBy(sharers);
    Optional<Candidate> found = chooser.fastest(budget);
    EnginePlan plan = found.map(Candidate::plan).orElseGet(() -> chooser.leanest(budget));
    double fps = found.map(candidate -> candidate.forecast().fps()).orElse(0.0);
    int takes = plan.memory().lanes();
    return new Teamwork(1, 1, takes, plan, budget, fps, fps / takes);
  }

  private MemoryBudget budget() {
    return MemoryBudget.of(config, planners.device());
  }
}
