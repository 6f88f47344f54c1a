package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import java.time.Instant;

/**
 * How much memory the process held at a time.
 *
 * @param time when it was measured
 * @param residentBytes its resident memory, at least 0
 */
public record MemorySample(Instant time, long residentBytes) {
  public MemorySample {
    requireNonNull(time, "time");
    checkArgument(
        residentBytes >= 0, "residentBytes must not be negative, but was %s", residentBytes);
  }
}
