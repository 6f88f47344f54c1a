package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.engine.device.DeviceList;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.strategy.sharded.HeadsStrategy;
import dev.longtake.runtime.strategy.sharded.Shard;
import dev.longtake.runtime.strategy.sharded.ShardedStrategy;
import dev.longtake.runtime.strategy.tpp.StageStrategy;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Opens the engine that a configuration asks for, on one device or on several. */
public final class Engines {
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
    List<String> names = devices.choices().stream().map(DeviceChoice::device).toList();
    if (config.strategy().equals(StageStrategy.NAME)) {
      return openPipeline(config, source, open, devices.size());
    }
    if (config.strategy().equals(ShardedStrategy.NAME) && config.team().ulyssesSize() > 1) {
      return HeadsEngine.open(config, source, names, open);
    }
    if (devices.size() == 1) {
      return LongtakeEngine.open(config, source, () -> open.apply(0));
    }
    return DataParallelEngine.open(config, source, names, open);
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
    MemoryBudget budget = MemoryBudget.of(config, device);
    EngineShape shape =
        source.shape(config.height(), config.width(), config.clipFrames(), config.sampleSteps());
    if (config.strategy().equals(StageStrategy.NAME)) {
      PipelineLayout layout = PipelineLayout.of(devices.size(), config, shape.model());
      if (layout.roles().size() > 1) {
        for (StageRole role : layout.roles()) {
          new StagePlanner(shape, source, role, device).plan(Math.max(1, config.lanes()), budget);
        }
        return;
      }
    }
    new StrategyChooser(config, shared(config, shape, devices.size()), source, device)
        .requireFits(budget);
  }

  /** Returns the strategy of the first of several devices that share a model; null otherwise. */
  private static @Nullable ExecutionStrategy shared(
      EngineConfig config, EngineShape shape, int devices) {
    if (!config.strategy().equals(ShardedStrategy.NAME)) {
      return null;
    }
    Shard first = new Shard(0, devices);
    return config.team().ulyssesSize() > 1
        ? new HeadsStrategy(first)
        : LayerSharing.strategy(first, shape);
  }

  /** Returns how many devices an engine uses together; see {@link EngineProvider}. */
  static int devicesTogether(EngineConfig config, int available) {
    return switch (config.strategy()) {
      case StageStrategy.NAME -> PipelineLayout.devicesTogether(config, available);
      case ShardedStrategy.NAME ->
          config.team().ulyssesSize() > 1 ? config.team().ulyssesSize() : available;
      default -> 1;
    };
  }

  private static OpenEngine openPipeline(
      EngineConfig config, ModelSource source, IntFunction<ComputeDevice> open, int devices) {
    EngineShape shape;
    PipelineLayout layout;
    try {
      shape =
          source.shape(config.height(), config.width(), config.clipFrames(), config.sampleSteps());
      layout = PipelineLayout.of(devices, config, shape.model());
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
    if (layout.roles().size() == 1) {
      return LongtakeEngine.open(config, source, () -> open.apply(0));
    }
    int lanes = Math.max(1, config.lanes()); // one take keeps all devices busy
    return PipelineEngine.open(config.on(config.device(), lanes), source, shape, layout, open);
  }
}
