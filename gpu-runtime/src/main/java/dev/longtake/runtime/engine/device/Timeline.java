package dev.longtake.runtime.engine.device;

/** Tells when the device has reached points of its work. */
public interface Timeline extends AutoCloseable {
  /** Marks the point behind everything queued so far, and returns its number. Does not wait. */
  int mark();

  /** Returns the milliseconds between two marks; waits for the later one. */
  double millisBetween(int first, int second);

  @Override
  void close();
}
