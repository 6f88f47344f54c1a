package dev.longtake.pipeline.spi;

/** Follows one run: shows how far it is, and at its end what became of it. */
public interface RunWatch extends AutoCloseable {
  /** Shows nothing. */
  RunWatch NONE = () -> {};

  /** Says that the pipeline has run to its end; not called for one that failed. */
  default void finished() {}

  /** Stops following. Called once, in any case. */
  @Override
  void close();
}
