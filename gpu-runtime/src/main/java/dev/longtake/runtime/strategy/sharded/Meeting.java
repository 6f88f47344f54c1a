package dev.longtake.runtime.strategy.sharded;

import static com.google.common.base.Preconditions.checkState;

/**
 * Where the threads of several devices wait for each other, on the host: not for what they have
 * queued.
 */
public final class Meeting {
  private final int members;
  private int arrived;
  private long held; // counts the meetings
  private boolean givenUp;

  /** Creates a meeting of so many threads, which can be held again and again. */
  public Meeting(int members) {
    this.members = members;
  }

  /**
   * Waits until all have come. What a thread has done before is seen by all others then.
   *
   * @throws IllegalStateException if somebody has given up, or the thread is interrupted
   */
  synchronized void attend() {
    requireComplete();
    long present = held;
    arrived++;
    if (arrived == members) {
      arrived = 0;
      held++;
      notifyAll();
    }
    while (held == present) {
      try {
        wait();
      } catch (InterruptedException e) {
        giveUp();
        Thread.currentThread().interrupt();
      }
      if (held == present) {
        requireComplete();
      }
    }
  }

  private void requireComplete() {
    checkState(!givenUp, "another device has given up, or this one was interrupted");
  }

  /** Says that a thread will not come again: whoever waits, or comes later, does in vain. */
  public synchronized void giveUp() {
    givenUp = true;
    notifyAll();
  }

  /** Begins anew. To be called when nobody waits. */
  public synchronized void convene() {
    arrived = 0;
    givenUp = false;
  }
}
