package dev.longtake.runtime.ops.cpu;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs the tasks of one operation after another on a fixed set of threads, the caller among them.
 *
 * <p>Operations follow each other within microseconds, so idle threads spin a moment before they
 * sleep. Used by one calling thread.
 */
final class Parallel implements AutoCloseable {
  private static final int SPINS_BEFORE_SLEEP = 20_000;

  /** One task of an operation. */
  interface Body {
    /**
     * Runs a task.
     *
     * @param task index from 0
     * @param thread which thread runs it, from 0: an index of scratch memory
     */
    void run(int task, int thread);
  }

  private final List<Thread> helpers = new ArrayList<>();
  private volatile Job job = new Job(0, (task, thread) -> {});
  private volatile boolean closed;

  Parallel(int threads) {
    checkArgument(threads >= 1, "threads must be at least 1, but was %s", threads);
    for (int thread = 1; thread < threads; thread++) {
      int index = thread;
      Thread helper = new Thread(() -> help(index), "longtake-cpu-" + index);
      helper.setDaemon(true);
      helpers.add(helper);
      helper.start();
    }
  }

  int threads() {
    return helpers.size() + 1;
  }

  /** Runs {@code tasks} tasks and returns when all are done; rethrows the failure of one. */
  void run(int tasks, Body body) {
    if (helpers.isEmpty() || tasks <= 1) {
      for (int task = 0; task < tasks; task++) {
        body.run(task, 0);
      }
      return;
    }
    Job current = new Job(tasks, body);
    job = current;
    helpers.forEach(LockSupport::unpark);
    current.work(0);
    current.await();
  }

  private void help(int thread) {
    Job last = null;
    int spins = 0;
    while (!closed) {
      Job current = job;
      if (current != last) {
        current.work(thread);
        last = current;
        spins = 0;
      } else if (spins < SPINS_BEFORE_SLEEP) {
        spins++;
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    helpers.forEach(LockSupport::unpark);
  }

  private static final class Job {
    private final int tasks;
    private final Body body;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger finished = new AtomicInteger();
    private volatile Throwable failure;

    Job(int tasks, Body body) {
      this.tasks = tasks;
      this.body = body;
    }

    void work(int thread) {
      for (int task = next.getAndIncrement(); task < tasks; task = next.getAndIncrement()) {
        try {
          if (failure == null) {
            body.run(task, thread);
          }
        } catch (RuntimeException | Error e) {
          failure = e;
        } finally {
          finished.incrementAndGet();
        }
      }
    }

    void await() {
      while (finished.get() < tasks) {
        Thread.onSpinWait();
      }
      if (failure instanceof RuntimeException exception) {
        throw exception;
      }
      if (failure instanceof Error error) {
        throw error;
      }
    }
  }
}
