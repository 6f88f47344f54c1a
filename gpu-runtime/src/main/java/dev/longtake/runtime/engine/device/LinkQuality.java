package dev.longtake.runtime.engine.device;

import java.util.Locale;

/**
 * How tensors get from one device to another.
 *
 * @param kind which way they take
 * @param gigabytesPerSecond as measured; infinite where nothing need be copied over a bus
 * @param remark why it is not the direct way; empty if it is
 */
public record LinkQuality(Kind kind, double gigabytesPerSecond, String remark) {
  /** Which way a link takes. */
  public enum Kind {
    /** Both are parts of the host. */
    LOCAL,
    /** One GPU writes the other's memory. */
    PEER,
    /** Through pinned memory of the host. */
    STAGED
  }

  private static final double GIGA = 1e9;

  /** Returns the link of devices that are parts of the host. */
  static LinkQuality local() {
    return new LinkQuality(Kind.LOCAL, Double.POSITIVE_INFINITY, "");
  }

  /** Returns the seconds that a copy takes, about. */
  public double seconds(long bytes) {
    return bytes / (gigabytesPerSecond * GIGA);
  }

  @Override
  public String toString() {
    return kind == Kind.LOCAL
        ? "local"
        : String.format(
            Locale.ROOT, "%s %.0f GB/s", kind.name().toLowerCase(Locale.ROOT), gigabytesPerSecond);
  }
}
