package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.MediaModels.SpeechModel;
import dev.longtake.runtime.engine.device.LinkTable;
import dev.longtake.runtime.strategy.sharded.Shard;
import dev.longtake.runtime.strategy.sharded.ShardExecutor;
import dev.longtake.runtime.strategy.sharded.ShardedStrategy;
import java.util.EnumSet;
import java.util.List;

/** Lets engines that own a share of the layers each have those of the others. */
final class LayerSharing {
  private LayerSharing() {}

  /**
   * Returns the strategy of one of the engines. The first one encodes prompts and speech for all,
   * and owns less of the transformer.
   */
  static ShardedStrategy strategy(Shard shard, EngineShape shape) {
    return new ShardedStrategy(shard, SpeechModel.bytes(shape));
  }

  /** Returns the models that one of the engines has. */
  static ModelSource source(ModelSource whole, int rank) {
    return rank == 0
        ? new SharedSource(whole)
        : new SharedSource(whole, EnumSet.of(ModelPart.TRANSFORMER, ModelPart.VAE));
  }

  /**
   * Links engines that have just been opened with the strategy {@code sharded}.
   *
   * @param group engines by rank; closed after {@code resources} of this
   * @param resources gets what has to be closed before any engine
   */
  static void connect(EngineGroup<LongtakeEngine> group, Resources resources) {
    List<LongtakeEngine> engines = group.members();
    LinkTable table = EngineGroup.measureLinks(group);
    List<ShardExecutor> executors =
        engines.stream()
            .map(engine -> (ShardExecutor) engine.stack().transformer().executor())
            .toList();
    for (int to = 0; to < engines.size(); to++) {
      executors.get(to).connect(executors, EngineGroup.linksTo(group, to, table, resources));
    }
    // Closed first: nothing may be on its way between devices when links and engines are closed.
    for (int rank = 0; rank < engines.size(); rank++) {
      LongtakeEngine engine = engines.get(rank);
      ShardExecutor executor = executors.get(rank);
      resources.add(
          () -> {
            engine.device().makeCurrent();
            executor.settle();
          });
    }
  }
}
