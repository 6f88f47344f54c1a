package dev.longtake.pipeline.testing;

import java.io.IOException;

/** The connection of a call was cut. */
final class TornException extends IOException {
  private static final long serialVersionUID = 1L;

  TornException() {
    super("torn");
  }
}
