package dev.longtake.runtime.engine;

import java.util.ArrayList;
import java.util.List;

/** Things to close, last opened first, each even if another cannot be closed. */
final class Resources {
  private final List<AutoCloseable> opened = new ArrayList<>();

  <T extends AutoCloseable> T add(T resource) {
    opened.add(resource);
    return resource;
  }

  void close() {
    RuntimeException failure = new IllegalStateException("the engine could not be closed");
    closeAfter(failure);
    if (failure.getSuppressed().length > 0) {
      throw failure;
    }
  }

  void closeAfter(Throwable cause) {
    for (int i = opened.size() - 1; i >= 0; i--) {
      try {
        opened.get(i).close();
      } catch (Exception e) {
        cause.addSuppressed(e);
      }
    }
    opened.clear();
  }
}
