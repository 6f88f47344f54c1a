package dev.longtake.runtime.spi;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.Division;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Carries forwards out: each layer's weights serve every waiting lane before the next layer.
 *
 * <p>Owned by an engine; used by one thread.
 */
public interface DenoiseExecutor {
  /**
   * Takes memory for the caches of one take.
   *
   * @param device memory of the lane; the caches are valid as long as it is
   * @param host memory of the lane, likewise, that the device copies from and to
   */
  KvStore openCaches(Arena device, Arena host);

  /**
   * Returns how long a forward may wait for those of other lanes: about what a sweep of one lane
   * less saves.
   */
  default long patienceNanos() {
    return 0;
  }

  /** Returns how this device shares forwards with others, or null if it has them alone. */
  default @Nullable Division division() {
    return null;
  }

  /** Takes all forwards through all layers. Queued, not waited for. */
  void sweep(List<LanePass> passes);
}
