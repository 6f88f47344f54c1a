package dev.longtake.runtime.strategy.tpp;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.spi.LanePass;
import dev.longtake.runtime.strategy.resident.ResidentExecutor;
import java.util.List;

/** Takes forwards through those layers that are one stage's. */
record StageExecutor(StageSpan span, ResidentExecutor inner) implements DenoiseExecutor {
  @Override
  public KvStore openCaches(Arena device, Arena host) {
    return StageCaches.allocate(inner.shape(), span, inner.ops(), device);
  }

  @Override
  public void sweep(List<LanePass> passes) {
    inner.sweep(passes);
  }
}
