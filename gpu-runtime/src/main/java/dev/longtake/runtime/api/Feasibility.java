package dev.longtake.runtime.api;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * Which ways to place a model fit on some devices, and how fast they would be.
 *
 * @param lines for people
 * @param json the same as a JSON object
 * @param fits whether any does
 */
public record Feasibility(List<String> lines, String json, boolean fits) {
  /** Copies the list. */
  public Feasibility {
    lines = List.copyOf(lines);
    requireNonNull(json, "json");
  }
}
