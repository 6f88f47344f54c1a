package dev.longtake.runtime.engine;

import com.google.common.util.concurrent.Uninterruptibles;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/** Does the same for several devices at once. */
final class Together {
  private Together() {}

  /**
   * Opens something for each of several devices, and waits for all.
   *
   * @param threads at most so many at once
   * @param open is given the number of the device
   * @return in order
   * @throws RuntimeException what the first of those that failed threw; what others have opened is
   *     closed then
   */
  static <T extends AutoCloseable> List<T> open(int count, int threads, IntFunction<T> open) {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<T>> tasks = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int index = i;
        tasks.add(executor.submit(() -> open.apply(index)));
      }
      return results(tasks);
    } finally {
      executor.shutdown();
    }
  }

  private static <T extends AutoCloseable> List<T> results(List<Future<T>> tasks) {
    Resources opened = new Resources();
    List<T> results = new ArrayList<>();
    RuntimeException failure = null;
    for (Future<T> task : tasks) {
      try {
        results.add(opened.add(Uninterruptibles.getUninterruptibly(task)));
      } catch (ExecutionException e) {
        failure = failure == null ? asRuntime(e.getCause()) : failure;
      }
    }
    if (failure != null) {
      opened.closeAfter(failure);
      throw failure;
    }
    return results;
  }

  private static RuntimeException asRuntime(Throwable cause) {
    return cause instanceof RuntimeException failure ? failure : new IllegalStateException(cause);
  }
}
