package dev.longtake.runtime.api;

/** What went wrong, and who can mend it. */
public enum ErrorCode {
  /** The picture, speech or prompt of one request cannot be rendered. */
  INVALID_REQUEST(Blame.REQUEST),
  /** An option or a combination of options makes no sense. */
  INVALID_CONFIG(Blame.CONFIG),
  /** A checkpoint file is missing, cannot be read, or contradicts itself or another file. */
  INVALID_CHECKPOINT(Blame.CONFIG),
  /** The memory plan is larger than the memory it may use. */
  PLAN_DOES_NOT_FIT(Blame.CONFIG),
  /** The device or host that an engine was opened for lacks something that it needs. */
  DEVICE_UNAVAILABLE(Blame.MACHINE),
  /** A device refused memory that was planned to be there. */
  OUT_OF_MEMORY(Blame.MACHINE),
  /** The host refused memory, pinned or not. */
  OUT_OF_HOST_MEMORY(Blame.MACHINE),
  /**
   * A device broke down while it was used: whatever was on it is lost, and nothing more will work.
   */
  DEVICE_FAULT(Blame.MACHINE),
  /** The engine broke a promise of its own, such as using more memory than it planned. */
  ENGINE_FAULT(Blame.ENGINE);

  /** Where the fault lies, which decides what becomes of the work. */
  public enum Blame {
    /** One request: it becomes a dead letter, the others go on. */
    REQUEST,
    /** The configuration: refused before anything starts. */
    CONFIG,
    /** The machine: the work is tried again, elsewhere if possible. */
    MACHINE,
    /** Longtake itself: the bundle fails. */
    ENGINE
  }

  private final Blame blame;

  ErrorCode(Blame blame) {
    this.blame = blame;
  }

  /** Returns where the fault lies. */
  public Blame blame() {
    return blame;
  }
}
