package dev.longtake.runtime.cuda;

/** How one of several algorithms for the same computation is chosen. */
public enum AlgorithmChoice {
  /** The library's first proposal: the same in every process. */
  FIRST,
  /**
   * The fastest on this GPU, timed once a shape on the first operands. Another process may choose
   * another one, so results can differ in their last bits from run to run.
   */
  FASTEST
}
