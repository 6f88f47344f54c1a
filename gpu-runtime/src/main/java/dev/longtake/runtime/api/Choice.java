package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

/**
 * How an engine was placed on its devices, and why; for people, one line each.
 *
 * @param strategy and what else could be chosen: lanes and precisions
 * @param plan where the memory goes
 * @param reason why not something else, and how fast it is expected to be
 * @param takeFps frames a second that are expected of a take; 0 where nobody has said
 */
public record Choice(String strategy, String plan, String reason, double takeFps) {
  /** Checks that nothing was forgotten. */
  public Choice {
    requireNonNull(strategy, "strategy");
    requireNonNull(plan, "plan");
    requireNonNull(reason, "reason");
    checkArgument(!(takeFps < 0), "takeFps must not be negative, but was %s", takeFps);
  }

  /** Returns what was chosen and why. */
  public String line() {
    return strategy + ": " + reason;
  }
}
