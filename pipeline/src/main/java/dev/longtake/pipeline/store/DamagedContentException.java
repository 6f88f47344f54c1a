package dev.longtake.pipeline.store;

import java.io.IOException;

/** Stored bytes do not have the digest they should have. */
public final class DamagedContentException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure of one file; both digests in lowercase hexadecimal. */
  public DamagedContentException(String location, String expected, String actual) {
    super(
        "%s should have the SHA-256 %s, but has %s. Delete it to have it made again."
            .formatted(location, expected, actual));
  }
}
