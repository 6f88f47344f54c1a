package dev.longtake.runtime.spi;

import dev.longtake.runtime.spi.DeviceQueues.Queue;

/** A point in a queue that other queues can wait for. */
public interface Fence {
  /** Moves the fence: it is reached when everything that is in {@code queue} by now is done. */
  void set(Queue queue);

  /**
   * Lets what is put into {@code queue} from now on begin only when the fence, as it was set last,
   * is reached; at once if it never was set. The caller does not wait.
   */
  void holdBack(Queue queue);
}
