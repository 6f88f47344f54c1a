package dev.longtake.runtime.api;

/** Whether an engine may make other pixels than it was asked for. */
public enum Fidelity {
  /** Precisions and clips are as the configuration says, or the engine is refused. */
  AS_ASKED,
  /**
   * Precisions may be lower, if that is faster or nothing else fits, and frames may be rendered
   * with a shorter memory, if nothing else fits.
   */
  MAY_DEGRADE
}
