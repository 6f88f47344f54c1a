package dev.longtake.runtime.model.dit;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.tensor.Tensor;

/** Some of many tokens or heads that follow one another. */
public record Span(int first, int count) {
  /** Checks that nothing is negative. */
  public Span {
    checkArgument(first >= 0 && count >= 0, "no span begins at %s and has %s", first, count);
  }

  /** Returns the part numbered {@code index} of {@code total} that are dealt evenly in parts. */
  public static Span part(int index, int parts, int total) {
    int begin = Math.toIntExact((long) total * index / parts);
    int end = Math.toIntExact((long) total * (index + 1) / parts);
    return new Span(begin, end - begin);
  }

  /** Returns what both have, which may be nothing. */
  public Span intersect(Span other) {
    int begin = Math.max(first, other.first);
    int end = Math.min(first + count, other.first + other.count);
    return new Span(begin, Math.max(0, end - begin));
  }

  /** Returns these rows of a tensor. */
  public Tensor of(Tensor all) {
    return all.slice(first, count);
  }
}
