package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Objects;

/**
 * A range of device memory. A view: it owns nothing, and is valid for as long as the {@link
 * DeviceAllocation} it lies in.
 *
 * @param address where the range starts, in the device's address space
 * @param bytes how long it is
 */
public record DeviceMemory(long address, long bytes) {
  /** Checks that the range is not negative. */
  public DeviceMemory {
    checkArgument(bytes >= 0, "bytes must not be negative, but was %s", bytes);
  }

  /**
   * Returns a part of this range.
   *
   * @throws IndexOutOfBoundsException if the part would leave the range
   */
  public DeviceMemory part(long offsetBytes, long partBytes) {
    Objects.checkFromIndexSize(offsetBytes, partBytes, bytes);
    return new DeviceMemory(address + offsetBytes, partBytes);
  }

  /** Returns whether {@code next} starts at the byte after this range's last. */
  public boolean isFollowedBy(DeviceMemory next) {
    return address + bytes == next.address;
  }

  @Override
  public String toString() {
    return "0x%x+%d".formatted(address, bytes);
  }
}
