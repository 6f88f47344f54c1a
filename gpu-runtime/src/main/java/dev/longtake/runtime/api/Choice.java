package dev.longtake.runtime.api;

import static java.util.Objects.requireNonNull;

/**
 * How an engine was placed on its devices, and why; for people, one line each.
 *
 * @param strategy and what else could be chosen: lanes and precisions
 * @param plan where the memory goes
 * @param reason why not something else, and how fast it is expected to be
 */
public record Choice(String strategy, String plan, String reason) {
  /** Checks that nothing was forgotten. */
  public Choice {
    requireNonNull(strategy, "strategy");
    requireNonNull(plan, "plan");
    requireNonNull(reason, "reason");
  }

  /** Returns what was chosen and why. */
  public String line() {
    return strategy + ": " + reason;
  }
}
