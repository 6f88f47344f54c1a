package dev.longtake.runtime.api;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/** A failure whose message says what was asked, what was found, and what to change. */
public class LongtakeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  /** Creates a failure without an underlying cause. */
  public LongtakeException(ErrorCode code, String message) {
    this(code, message, null);
  }

  /** Creates a failure that another one led to. */
  public LongtakeException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = requireNonNull(code, "code");
  }

  /** Returns the failure's class, which decides whether a retry can help. */
  public final ErrorCode code() {
    return code;
  }
}
