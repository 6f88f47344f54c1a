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

  /** Returns the rank of the device that owns a part, of those that are dealt one by one. */
  int owner(int part) {
    return part % count;
  }

  /** Returns whether this device owns a part. */
  boolean owns(int part) {
    return owner(part) == rank;
  }

  /**
   * Returns the slots that parts of other devices need so that copying one hides behind computing
   * another: of two devices, each has a part of its own between any two of the other's; of more,
   * others' follow one another.
   */
  int slots() {
    return Math.min(count - 1, 2);
  }
}
