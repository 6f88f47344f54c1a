package dev.longtake.runtime.api;

/** One request can never succeed, however often it is tried; all others are unaffected. */
public final class InvalidRequestException extends LongtakeException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure; the message names the input and what to change about it. */
  public InvalidRequestException(String message) {
    super(ErrorCode.INVALID_REQUEST, message);
  }
}
