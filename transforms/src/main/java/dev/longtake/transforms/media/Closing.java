package dev.longtake.transforms.media;

import java.util.ArrayDeque;
import java.util.Deque;

/** Frees native things in reverse order of their making, even when freeing one fails. */
final class Closing implements AutoCloseable {
  private final Deque<Runnable> steps = new ArrayDeque<>();

  /** Remembers how to free what was just made. */
  void add(Runnable step) {
    steps.push(step);
  }

  /** Frees everything that was added; again does nothing. */
  @Override
  public void close() {
    RuntimeException first = null;
    while (!steps.isEmpty()) {
      try {
        steps.pop().run();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
