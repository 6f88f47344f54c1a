package dev.longtake.pipeline.testing;

/** What may happen to a call to a storage server. */
public enum Fault {
  /** The server is overloaded, and does nothing. */
  TOO_MANY_REQUESTS,
  /** The server fails, and has done nothing. */
  INTERNAL_ERROR,
  /** The server is away, and has done nothing. */
  UNAVAILABLE,
  /** The connection ends before the request is looked at. */
  RESET,
  /** The connection ends somewhere within the body that is sent; what came before is kept. */
  TORN_REQUEST,
  /** All of the body that is sent is kept, and the connection ends before anything comes of it. */
  UNFINISHED,
  /** The request is carried out, and the connection ends before the answer. */
  LOST_RESPONSE,
  /** The connection ends somewhere within the body that is answered. */
  TORN_RESPONSE,
  /** A bit of the body that is answered is another. */
  FLIPPED_RESPONSE,
  /** A bit of the body that is sent is another. */
  FLIPPED_REQUEST,
  /** Nothing happens for longer than anybody waits. */
  TIMEOUT;

  /** Returns whether a call can fail like this. */
  boolean fits(String method, boolean asksForContent) {
    return switch (this) {
      case TORN_REQUEST, FLIPPED_REQUEST, UNFINISHED -> method.equals("PUT");
      case TORN_RESPONSE, FLIPPED_RESPONSE -> asksForContent;
      default -> true;
    };
  }
}
