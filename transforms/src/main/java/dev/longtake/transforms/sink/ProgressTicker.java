package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Draws a {@link ProgressView} at a steady pace, on a daemon thread of its own.
 *
 * <p>A terminal or log that can no longer be written to is left alone: the rendering goes on.
 */
public final class ProgressTicker implements AutoCloseable {
  private final ProgressView view;
  private final Duration period;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;

  private ProgressTicker(ProgressView view, Duration period) {
    this.view = view;
    this.period = period;
    this.thread = new Thread(this::run, "longtake-progress");
  }

  /**
   * Starts to draw {@code view} every {@code period}.
   *
   * @param period positive; 200 ms suit a terminal, 1 s a log
   */
  public static ProgressTicker start(ProgressView view, Duration period) {
    checkArgument(
        !period.isNegative() && !period.isZero(), "period must be positive, but was %s", period);
    ProgressTicker ticker = new ProgressTicker(view, period);
    ticker.thread.setDaemon(true);
    ticker.thread.start();
    return ticker;
  }

  /**
   * Stops drawing and waits for the drawing in progress, for at most a few periods; the view is not
   * closed. Closing again does nothing.
   */
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
        view.draw();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // whoever interrupts this thread wants it to end
    } catch (IOException e) {
      closing.countDown(); // nobody can read it any more
    }
  }
}
