package dev.longtake.pipeline.options;

import static java.util.stream.Collectors.joining;

import java.util.Arrays;
import java.util.Locale;

/** How the takes of one video hang together. */
public enum Continuity {
  /** One take per video, in order: exactly the official endless rollout. */
  STRICT,
  /** Takes in order; each goes on from the motion that the one before ended with. */
  CARRY,
  /** Independent takes, on any worker. */
  PARALLEL;

  /**
   * Returns the policy with a name as users write it: {@code strict}, {@code carry} or {@code
   * parallel}.
   *
   * @throws IllegalArgumentException if there is none; the message names those there are
   */
  public static Continuity of(String name) {
    for (Continuity continuity : values()) {
      if (continuity.toString().equals(name)) {
        return continuity;
      }
    }
    throw new IllegalArgumentException(
        "--continuity must be one of %s, but was '%s'."
            .formatted(
                Arrays.stream(values()).map(Continuity::toString).collect(joining(", ")), name));
  }

  /** Returns the name as users write it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
