package dev.longtake.transforms.render;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.beam.sdk.metrics.MetricsContainer;
import org.apache.beam.sdk.metrics.MetricsEnvironment;

/**
 * Has a take rendered on a thread of its own, and notices when that gets no further: a call into a
 * device that hangs cannot be interrupted, only left behind.
 */
final class ProgressWatch {
  private volatile long lastNanos = System.nanoTime();
  private volatile boolean cancelled;

  /**
   * Says that there is progress.
   *
   * @throws CancellationException if nobody waits for the work any more
   */
  void progress() {
    lastNanos = System.nanoTime();
    if (cancelled) {
      throw new CancellationException("nobody waits for this take any more");
    }
  }

  /**
   * Does some work that tells of its progress, and waits for it. What it counts, Beam counts as the
   * caller's.
   *
   * @param bound how long there may be none
   * @throws LongtakeException DEVICE_FAULT if there was none for longer; the thread is left behind
   * @throws InterruptedException if interrupted; the work has ended then, or hangs
   */
  <T> T call(Callable<T> work, Supplier<Duration> bound) throws IOException, InterruptedException {
    MetricsContainer metrics = MetricsEnvironment.getCurrentContainer();
    FutureTask<T> task =
        new FutureTask<>(
            () -> {
              try (Closeable counted = MetricsEnvironment.scopedMetricsContainer(metrics)) {
                return work.call();
              }
            });
    Thread thread = new Thread(task, Thread.currentThread().getName() + " render");
    thread.setDaemon(true);
    lastNanos = System.nanoTime();
    thread.start();
    try {
      return await(task, bound);
    } catch (InterruptedException e) {
      cancelled = true;
      thread.interrupt();
      thread.join(bound.get().toMillis());
      throw e;
    }
  }

  private <T> T await(FutureTask<T> task, Supplier<Duration> bound)
      throws IOException, InterruptedException {
    while (true) {
      long leftNanos = bound.get().toNanos() - (System.nanoTime() - lastNanos);
      try {
        return task.get(Math.max(0, leftNanos), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        if (System.nanoTime() - lastNanos >= bound.get().toNanos()) {
          cancelled = true;
          throw new HangException(bound.get());
        }
      } catch (ExecutionException e) {
        throw unwrapped(e);
      }
    }
  }

  private static IOException unwrapped(ExecutionException e) {
    Throwable cause = e.getCause();
    if (cause instanceof RuntimeException exception) {
      throw exception;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof IOException exception ? exception : new IOException(cause);
  }

  /** A device that does not come back. */
  static final class HangException extends LongtakeException {
    private static final long serialVersionUID = 1L;

    HangException(Duration bound) {
      super(
          ErrorCode.DEVICE_FAULT,
          "The device has made no progress for %d s, which is far longer than it needs for a clip."
              .formatted(bound.toSeconds()));
    }
  }
}
