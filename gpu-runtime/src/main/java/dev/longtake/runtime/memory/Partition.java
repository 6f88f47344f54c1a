package dev.longtake.runtime.memory;

/** Cuts a block into parts, one behind the other. */
public final class Partition {
  private final Block whole;
  private long usedBytes;

  /** Begins at the start of {@code whole}. */
  public Partition(Block whole) {
    this.whole = whole;
  }

  /**
   * Returns the next part, owned by whoever owns the whole.
   *
   * @throws IndexOutOfBoundsException if that is more than is left
   */
  public Block next(long bytes) {
    Block part = whole.part(usedBytes, bytes);
    usedBytes += bytes;
    return part;
  }
}
