package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Something that is done at a steady pace on a daemon thread of its own, until it fails. */
final class SteadyTask implements AutoCloseable {
  private final Step step;
  private final Duration period;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;

  /** What is done each time. */
  @FunctionalInterface
  interface Step {
    /**
     * Does it once.
     *
     * @throws IOException if it can never be done again
     */
    void run() throws IOException;
  }

  private SteadyTask(String name, Duration period, Step step) {
    this.step = step;
    this.period = period;
    this.thread = new Thread(this::run, name);
  }

  /**
   * Starts to do something every {@code period}, the first time after one.
   *
   * @param name of the thread
   * @param period positive
   */
  static SteadyTask start(String name, Duration period, Step step) {
    checkArgument(
        !period.isNegative() && !period.isZero(), "period must be positive, but was %s", period);
    SteadyTask task = new SteadyTask(name, period, step);
    task.thread.setDaemon(true);
    task.thread.start();
    return task;
  }

  /** Stops, and waits for what is in progress, for at most a few periods. May be repeated. */
  @Override
  public void close() {
    closing.countDown();
    try {
      thread.join(4 * Math.max(1, period.toMillis()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // only the waiting ends early
    }
  }

  private void run() {
    try {
      while (!closing.await(period.toNanos(), TimeUnit.NANOSECONDS)) {
        step.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // whoever interrupts this thread wants it to end
    } catch (IOException e) {
      closing.countDown();
    }
  }
}
