package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Objects;

/**
 * A range of pinned host memory. A view: it owns nothing, and is valid for as long as the {@link
 * PinnedMemory} it lies in.
 *
 * @param offsetBytes where the range starts in {@code memory}
 * @param bytes how long it is
 */
public record PinnedRange(PinnedMemory memory, long offsetBytes, long bytes) {
  /** Checks that the range lies within the memory. */
  public PinnedRange {
    checkArgument(bytes >= 0, "bytes must not be negative, but was %s", bytes);
    Objects.checkFromIndexSize(offsetBytes, bytes, memory.bytes());
  }

  /**
   * Returns a part of this range.
   *
   * @throws IndexOutOfBoundsException if the part would leave the range
   */
  public PinnedRange part(long partOffsetBytes, long partBytes) {
    Objects.checkFromIndexSize(partOffsetBytes, partBytes, bytes);
    return new PinnedRange(memory, offsetBytes + partOffsetBytes, partBytes);
  }
}
