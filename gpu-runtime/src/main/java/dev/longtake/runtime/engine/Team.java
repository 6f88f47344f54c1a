package dev.longtake.runtime.engine;

import com.google.common.util.concurrent.Uninterruptibles;
import dev.longtake.runtime.strategy.sharded.Meeting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;

/**
 * Threads for devices that do everything together, one thing after another.
 *
 * <p>Whoever has something done is the first device's thread meanwhile.
 */
final class Team implements AutoCloseable {
  private final Meeting meeting;
  private final Runnable recover;
  private final int members;
  private final ExecutorService others;
  private final ReentrantLock turn = new ReentrantLock(true);

  /**
   * Creates a team.
   *
   * @param meeting of all members
   * @param recover brings devices back to where they can begin something, when one has failed
   */
  Team(int members, Meeting meeting, Runnable recover) {
    this.meeting = meeting;
    this.recover = recover;
    this.members = members;
    this.others = Executors.newFixedThreadPool(members - 1);
  }

  /**
   * Lets every member do something, and waits for all. If one fails, all others give up.
   *
   * @param work is given the member's rank
   */
  void together(IntConsumer work) {
    turn.lock();
    try {
      List<Throwable> failures = new ArrayList<>(); // in the order in which they happened
      List<Future<?>> followers = new ArrayList<>();
      for (int i = 1; i < members; i++) {
        int rank = i;
        followers.add(others.submit(() -> guarded(work, rank, failures)));
      }
      guarded(work, 0, failures);
      for (Future<?> follower : followers) {
        Uninterruptibles.getUninterruptibly(follower);
      }
      if (!failures.isEmpty()) {
        throwFirst(failures);
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      turn.unlock();
    }
  }

  private void guarded(IntConsumer work, int rank, List<Throwable> failures) {
    try {
      work.accept(rank);
    } catch (RuntimeException | Error e) {
      synchronized (failures) {
        failures.add(e);
      }
      meeting.giveUp();
    }
  }

  /** The first failure is the reason for all others. */
  private void throwFirst(List<Throwable> failures) {
    Throwable first = failures.get(0);
    failures.stream().skip(1).forEach(first::addSuppressed);
    try {
      recover.run();
    } catch (RuntimeException e) {
      first.addSuppressed(e);
    }
    meeting.convene();
    if (first instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) first;
  }

  @Override
  public void close() {
    others.shutdown();
  }
}
