package dev.longtake.runtime.strategy.sharded;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * Which of several devices this is.
 *
 * @param rank from 0
 * @param count of the devices
 */
public record Shard(int rank, int count) {
  /** Checks that the rank is one of them. */
  public Shard {
    checkArgument(rank >= 0 && rank < count, "there is no rank %s of %s", rank, count);
  }
}
