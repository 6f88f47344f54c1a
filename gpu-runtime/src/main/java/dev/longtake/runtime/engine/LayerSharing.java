package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.device.LinkTable;
import dev.longtake.runtime.strategy.sharded.ShardExecutor;
import java.util.List;

/** Lets engines that own a share of the layers each have those of the others. */
final class LayerSharing {
  private LayerSharing() {}

  /**
   * Links engines that have just been opened with the strategy {@code sharded}.
   *
   * @param group engines by rank; closed after {@code resources} of this
   * @param resources gets what has to be closed before any engine
   */
  static void connect(EngineGroup group, Resources resources) {
    List<LongtakeEngine> engines = group.members();
    LinkTable table = group.measureLinks();
    List<ShardExecutor> executors =
        engines.stream()
            .map(engine -> (ShardExecutor) engine.stack().transformer().executor())
            .toList();
    for (int to = 0; to < engines.size(); to++) {
      executors.get(to).connect(executors, group.linksTo(to, table, resources));
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
