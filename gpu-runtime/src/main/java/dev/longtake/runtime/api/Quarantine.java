package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import java.time.Instant;

/**
 * Why nobody gets a device for a while.
 *
 * @param since when its last fault was noticed
 * @param until when it may be tried again
 * @param faults how many there have been since it last did its work, at least 1
 * @param evidence of the last one, for people
 */
public record Quarantine(Instant since, Instant until, int faults, String evidence) {
  /** Checks that nothing was forgotten. */
  public Quarantine {
    requireNonNull(since, "since");
    requireNonNull(until, "until");
    requireNonNull(evidence, "evidence");
    checkArgument(faults >= 1, "faults must be at least 1, but was %s", faults);
  }
}
