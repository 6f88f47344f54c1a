package dev.longtake.pipeline.spi;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * Which ways of rendering fit on some GPUs, and how fast they would be.
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
