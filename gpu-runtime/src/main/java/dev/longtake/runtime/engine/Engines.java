package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.engine.TeamChooser.Team;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.DeviceList;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.strategy.sharded.HeadsStrategy;
import dev.longtake.runtime.strategy.sharded.Shard;
import dev.longtake.runtime.strategy.sharded.ShardedStrategy;
import dev.longtake.runtime.strategy.tpp.StageStrategy;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the engine that a configuration asks for, on one device or on several. */
public final class Engines {
  private static final Logger LOG = LoggerFactory.getLogger(Engines.class);

  private Engines() {}

  /**
   * Opens an engine; owns {@code source}.
   *
   * @throws dev.longtake.runtime.api.LongtakeException as {@link
   *     dev.longtake.runtime.api.EngineProvider#open}
   */
  public static OpenEngine open(EngineConfig config, ModelSource source) {
    return open(config, source, UnaryOperator.identity());
  }

  /**
   * Opens an engine; owns {@code source}.
   *
   * @param around is given each device when it is opened, and returns what the engine shall use
   */
  public static OpenEngine open(
      EngineConfig config, ModelSource source, UnaryOperator<ComputeDevice> around) {
    DeviceList devices;
    try {
      devices = DeviceList.of(config.device(), config.precision(), config.kvPrecision());
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
    IntFunction<ComputeDevice> open =
        index -> around.apply(devices.open(index, config.cpuThreads()));
    Team team = team(config, source, devices);
    EngineConfig chosen = team.config();
    List<String> names = devices.names();
    if (chosen.strategy().equals(StageStrategy.NAME)) {
      return openPipelines(team, source, open, devices.size());
    }
    if (chosen.strategy().equals(ShardedStrategy.NAME) && isByHeads(chosen)) {
      return HeadsEngine.open(chosen, source, names, open);
    }
    int busy = team.teams() * team.together();
    if (busy == 1) {
      return LongtakeEngine.open(chosen, source, () -> open.apply(0));
    }
    return DataParallelEngine.open(team, source, names.subList(0, busy), open);
  }

  /** Returns how devices work: as a configuration says, or as is best where it leaves that open. */
  private static Team team(EngineConfig config, ModelSource source, DeviceList devices) {
    if (devices.size() == 1 || !isOpen(config)) {
      return new Team(config, 1, devices.size(), "asked for");
    }
    try {
      ComputeDevice device = devices.onPaper(config.cpuThreads());
      return new TeamChooser(config, source, device).choose(devices.size());
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /**
   * Refuses what can never fit on the devices that a configuration names, whoever uses them at the
   * moment. Opens none, and reads no weights.
   *
   * @throws dev.longtake.runtime.api.LongtakeException PLAN_DOES_NOT_FIT, with the numbers and what
   *     would fit; or as {@link dev.longtake.runtime.api.EngineProvider#open}
   */
  public static void requireFits(EngineConfig config, ModelSource source) {
    DeviceList devices = DeviceList.of(config.device(), config.precision(), config.kvPrecision());
    ComputeDevice device = devices.onPaper(config.cpuThreads());
    if (devices.size() == 1 || !isOpen(config)) {
      requireFits(config, source, device, devices.size());
      return;
    }
    Team team = new TeamChooser(config, source, device).choose(devices.size());
    if (config.strategy().equals(StageStrategy.NAME)) {
      requireFits(team.share(0, team.teams()), source, device, team.together());
    }
  }

  /** Returns whether it is not said how many devices work together. */
  private static boolean isOpen(EngineConfig config) {
    return config.strategy().equals(StrategyChooser.AUTO)
        || config.strategy().equals(StageStrategy.NAME);
  }

  /** Refuses what can never fit on so many devices of this kind, which work as is said. */
  static void requireFits(
      EngineConfig config, ModelSource source, ComputeDevice device, int devices) {
    MemoryBudget budget = MemoryBudget.of(config, device);
    EngineShape shape = source.shape(config);
    if (config.strategy().equals(StageStrategy.NAME)) {
      PipelineLayout layout = PipelineLayout.of(devices, config, shape.model());
      if (layout.roles().size() > 1) {
        for (StageRole role : layout.roles()) {
          new StagePlanner(shape, source, role, device).plan(Math.max(1, config.lanes()), budget);
        }
        return;
      }
    }
    new StrategyChooser(
            ofOneDevice(config, devices), shared(config, shape, devices), source, device)
        .requireFits(budget);
  }

  /** Returns what the device with most lanes is asked for: all of them, where they share takes. */
  private static EngineConfig ofOneDevice(EngineConfig config, int devices) {
    boolean byHeads = config.strategy().equals(ShardedStrategy.NAME) && isByHeads(config);
    return byHeads ? config : config.on(config.device(), (config.lanes() + devices - 1) / devices);
  }

  private static boolean isByHeads(EngineConfig config) {
    return config.team().ulyssesSize() > 1;
  }

  /** Returns the strategy of the first of several devices that share a model; null otherwise. */
  private static @Nullable ExecutionStrategy shared(
      EngineConfig config, EngineShape shape, int devices) {
    if (!config.strategy().equals(ShardedStrategy.NAME)) {
      return null;
    }
    Shard first = new Shard(0, devices);
    return isByHeads(config) ? new HeadsStrategy(first) : LayerSharing.strategy(first, shape);
  }

  /**
   * Returns how many devices like the one that a configuration names an engine uses together; see
   * {@link EngineProvider}.
   *
   * @param source opens the model, if it has to be planned for
   */
  static int devicesTogether(EngineConfig config, int available, Supplier<ModelSource> source) {
    if (config.strategy().equals(StageStrategy.NAME)) {
      List<Integer> sizes = PipelineLayout.sizes(config, available);
      if (sizes.size() == 1) {
        return sizes.get(0);
      }
    }
    if (isOpen(config) && available > 1) {
      ComputeDevice device =
          DeviceList.of(config.device(), config.precision(), config.kvPrecision())
              .onPaper(config.cpuThreads());
      try (ModelSource model = source.get()) {
        return new TeamChooser(config, model, device).devicesTogether(available);
      }
    }
    if (config.strategy().equals(ShardedStrategy.NAME)) {
      return isByHeads(config) ? config.team().ulyssesSize() : available;
    }
    return 1;
  }

  private static OpenEngine openPipelines(
      Team team, ModelSource source, IntFunction<ComputeDevice> open, int devices) {
    EngineShape shape;
    PipelineLayout layout;
    try {
      shape = source.shape(team.config());
      layout = PipelineLayout.of(team.together(), team.config(), shape.model());
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
    int busy = team.teams() * layout.roles().size();
    if (busy < devices) {
      LOG.warn(
          "{} of {} devices have nothing to do: pipelines: {}, each with {} devices that denoise."
              + " Raise lanes or numGpusDit, or name fewer devices.",
          devices - busy,
          devices,
          team.teams(),
          layout.stages());
    }
    if (team.teams() > 1) {
      return DataParallelEngine.openPipelines(team, source, shape, layout, open);
    }
    if (layout.roles().size() == 1) {
      return LongtakeEngine.open(team.config(), source, () -> open.apply(0));
    }
    return PipelineEngine.open(team.config(), team.reason(), source, shape, layout, open);
  }
}
