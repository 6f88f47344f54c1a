package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.device.DeviceLinks;
import dev.longtake.runtime.engine.device.LinkTable;
import dev.longtake.runtime.spi.DeviceLink;
import dev.longtake.runtime.strategy.sharded.ShardExecutor;
import java.util.ArrayList;
import java.util.List;

/** Lets engines that own a share of the layers each have those of the others. */
final class LayerSharing {
  private LayerSharing() {}

  /**
   * Links engines that have just been opened with the strategy {@code sharded}.
   *
   * @param engines by rank; closed after {@code resources} of this
   * @param resources gets what has to be closed before any engine
   */
  static void connect(List<LongtakeEngine> engines, LinkTable table, Resources resources) {
    List<ShardExecutor> executors =
        engines.stream()
            .map(engine -> (ShardExecutor) engine.stack().transformer().executor())
            .toList();
    for (int to = 0; to < engines.size(); to++) {
      List<DeviceLink> links = new ArrayList<>();
      for (int from = 0; from < engines.size(); from++) {
        links.add(
            from == to
                ? DeviceLinks.planned() // never used
                : resources.add(open(engines.get(from), engines.get(to), table, from, to)));
      }
      executors.get(to).connect(executors, links);
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

  private static DeviceLink open(
      LongtakeEngine from, LongtakeEngine to, LinkTable table, int fromRank, int toRank) {
    return DeviceLinks.open(
        from.device(), from.queues(), to.device(), to.queues(), table.between(fromRank, toRank));
  }
}
