package dev.longtake.transforms.request;

import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderRequest;

/** One request can never succeed. It becomes a dead letter; all others are unaffected. */
public final class RequestFaultException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String code;

  /**
   * Creates the fault.
   *
   * @param code kind of fault, in capitals
   * @param message what was asked, what was found and what to change
   */
  public RequestFaultException(String code, String message) {
    super(message);
    this.code = requireNonNull(code, "code");
  }

  /** Returns the kind of fault, in capitals. */
  public String code() {
    return code;
  }

  /** Returns the dead letter of a request in which this fault was found. */
  public FailedRequest toFailedRequest(RenderRequest request, String stage) {
    return FailedRequest.builder()
        .setLine(request.getLine())
        .setSource(request.getSource())
        .setId(request.getId())
        .setStage(stage)
        .setCode(code)
        .setMessage(String.valueOf(getMessage()))
        .build();
  }
}
