package dev.longtake.pipeline.store;

import com.google.api.gax.retrying.ResultRetryAlgorithm;
import com.google.api.gax.retrying.TimedAttemptSettings;
import com.google.cloud.storage.StorageRetryStrategy;
import dev.longtake.pipeline.spi.RunMetric;
import org.apache.beam.sdk.metrics.MetricsContainer;
import org.apache.beam.sdk.metrics.MetricsEnvironment;
import org.apache.beam.sdk.metrics.MetricsEnvironment.MetricsEnvironmentState;
import org.jspecify.annotations.Nullable;

/** Repeats calls as Google's client does by itself, and counts them. */
final class CountedRetries implements StorageRetryStrategy {
  private static final long serialVersionUID = 1L;

  private final StorageRetryStrategy usual = StorageRetryStrategy.getDefaultStorageRetryStrategy();

  @Override
  public ResultRetryAlgorithm<?> getIdempotentHandler() {
    return new Counting<>(usual.getIdempotentHandler());
  }

  @Override
  public ResultRetryAlgorithm<?> getNonidempotentHandler() {
    return new Counting<>(usual.getNonidempotentHandler());
  }

  /** Counts a call that is repeated, if this thread works for a pipeline. */
  static void count() {
    // Taken and put back: Beam complains when it is asked for a container where there is none.
    MetricsEnvironmentState thread =
        MetricsEnvironment.getMetricsEnvironmentStateForCurrentThread();
    MetricsContainer container = thread.activate(null);
    thread.activate(container);
    if (container != null) {
      RunMetric.RETRIES.counter("storage").inc();
    }
  }

  private record Counting<T>(ResultRetryAlgorithm<T> usual) implements ResultRetryAlgorithm<T> {
    @Override
    public @Nullable TimedAttemptSettings createNextAttempt(
        Throwable failure, T result, TimedAttemptSettings before) {
      return usual.createNextAttempt(failure, result, before);
    }

    @Override
    public boolean shouldRetry(Throwable failure, T result) {
      boolean again = usual.shouldRetry(failure, result);
      if (again) {
        count();
      }
      return again;
    }
  }
}
