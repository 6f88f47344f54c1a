package dev.longtake.pipeline.store;

import com.google.api.gax.retrying.ResultRetryAlgorithm;
import com.google.api.gax.retrying.TimedAttemptSettings;
import com.google.cloud.storage.StorageRetryStrategy;
import dev.longtake.pipeline.spi.RunMetric;
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

  /** Counts a call that is repeated. */
  static void count() {
    RunMetric.RETRIES.addOf("storage", 1);
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
