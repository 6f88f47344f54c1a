package dev.longtake.pipeline.store;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import java.io.Serializable;

/**
 * An entry that counts.
 *
 * @param location of its bytes, below the store's root
 * @param digest of its bytes: SHA-256 in lowercase hexadecimal
 * @param bytes its length
 * @param metadata the marker: a JSON object of what was given, and {@code digest}, {@code bytes}
 *     and {@code file}
 */
public record Committed(String location, String digest, long bytes, String metadata)
    implements Serializable {
  /** Checks what can be checked without a store. */
  public Committed {
    requireNonNull(location, "location");
    requireNonNull(digest, "digest");
    requireNonNull(metadata, "metadata");
    checkArgument(bytes >= 0, "bytes must not be negative, but was %s", bytes);
  }
}
