package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.strategy.sharded.ShardedStrategy;
import dev.longtake.runtime.strategy.tpp.StageStrategy;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Decides how several devices work where a configuration leaves that open: each alone, or together
 * in what is forecast to make more frames of all takes. All ways that are chosen from give the bits
 * of one device. What is not faster than a simpler way by more than 2 % is not chosen.
 */
final class TeamChooser {
  private final EngineConfig config;
  private final ModelSource source;
  private final ComputeDevice device;
  private final TeamPlanner planner;

  /**
   * Prepares a choice; plans nothing yet.
   *
   * @param config with the strategy {@code auto}, or with {@code tpp}, which leaves open how many
   *     pipelines there are
   * @param device like each of the devices; it is planned for and not used
   */
  TeamChooser(EngineConfig config, ModelSource source, ComputeDevice device) {
    this.config = config;
    this.source = source;
    this.device = device;
    this.planner = new TeamPlanner(config, source, device);
  }

  /**
   * What was chosen.
   *
   * @param config with another strategy, or as it was where each device works alone
   * @param teams that devices are divided into, {@code together} in each; others are left over
   * @param reason for people
   */
  record Team(EngineConfig config, int teams, int together, String reason) {
    /** Returns the configuration of one of so many engines, which are dealt the lanes. */
    EngineConfig share(int index, int engines) {
      int lanes = config.lanes() / engines + (index < config.lanes() % engines ? 1 : 0);
      return config.on(config.device(), lanes);
    }
  }

  private record Way(String strategy, Teamwork work) {}

  /**
   * Returns how many devices work together of those that there are, if there are takes for all; 1
   * if none do. The configuration's lanes are those of each team.
   */
  int devicesTogether(int available) {
    if (config.strategy().equals(StageStrategy.NAME)) {
      return pipelineOf(available, planner.lanesOfPipelines(available, config.lanes()));
    }
    double best = planner.alone(available, available * config.lanes()).fps();
    int together = 1;
    for (int devices = 2; devices <= available; devices++) {
      int teams = available / devices;
      Optional<Way> way = faster(devices, best / teams);
      if (way.isPresent()) {
        best = teams * way.get().work().fps();
        together = devices;
      }
    }
    return together;
  }

  /**
   * Chooses for so many devices, at least two, which share the configuration's lanes.
   *
   * @throws LongtakeException PLAN_DOES_NOT_FIT, with what would fit
   */
  Team choose(int devices) {
    if (config.strategy().equals(StageStrategy.NAME)) {
      int together = Math.min(devices, pipelineOf(devices, config.lanes()));
      int teams = PipelineLayout.teams(devices, together, config.lanes());
      return new Team(config, teams, together, "asked for");
    }
    Teamwork alone = planner.alone(devices, config.lanes());
    Optional<Way> together = faster(devices, alone.fps());
    if (together.isPresent()) {
      Way way = together.get();
      return new Team(
          config.withStrategy(way.strategy()),
          way.work().teams(),
          way.work().together(),
          reason(way, alone));
    }
    if (!alone.fits()) {
      Engines.requireFits(config, source, device, 1); // throws
    }
    return new Team(config, alone.teams(), 1, "");
  }

  /** Returns how many devices make up a pipeline; plans only where that is open. */
  private int pipelineOf(int devices, int lanes) {
    List<Integer> sizes = PipelineLayout.sizes(config, devices);
    return sizes.size() == 1 ? sizes.get(0) : planner.pipelines(devices, lanes).together();
  }

  /** Returns the fastest way for devices to share the lanes, if it is worth it. */
  private Optional<Way> faster(int devices, double fps) {
    Optional<Way> best = Optional.empty();
    if (config.team().numGpusDit() <= devices) {
      best =
          planner
              .fasterPipelines(devices, config.lanes(), fps)
              .filter(Teamwork::fits)
              .map(work -> new Way(StageStrategy.NAME, work));
    }
    double toBeat = StrategyChooser.WORTH_IT * best.map(way -> way.work().fps()).orElse(fps);
    boolean hasWorkForAll = config.lanes() == EngineConfig.LANES_AUTO || config.lanes() >= devices;
    if (hasWorkForAll && planner.most(devices) > toBeat) {
      Teamwork byLayers = planner.byLayers(devices, config.lanes());
      return byLayers.fps() > toBeat ? Optional.of(new Way(ShardedStrategy.NAME, byLayers)) : best;
    }
    return best;
  }

  private String reason(Way way, Teamwork alone) {
    String what = "%s over %d devices".formatted(way.strategy(), way.work().devices());
    boolean shown = planner.isCalibrated();
    String forecast = shown ? ": %s in all forecast".formatted(fps(way.work())) : "";
    if (!alone.fits()) {
      return what + forecast + "; no device can have the model alone";
    }
    return shown
        ? "%s%s, alone %s".formatted(what, forecast, fps(alone))
        : what + " is forecast to be faster than alone";
  }

  private static String fps(Teamwork work) {
    return String.format(Locale.ROOT, "%.1f fps", work.fps());
  }
}
