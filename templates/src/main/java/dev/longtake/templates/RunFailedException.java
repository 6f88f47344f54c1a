package dev.longtake.templates;

import java.util.concurrent.ExecutionException;
import org.apache.beam.sdk.Pipeline.PipelineExecutionException;
import org.apache.beam.sdk.util.UserCodeException;

/**
 * A run that started and did not come to its end. Its message is that of what went wrong, without
 * the layers that runners put around it.
 */
final class RunFailedException extends Exception {
  private static final long serialVersionUID = 1;

  private RunFailedException(String message, Throwable cause) {
    super(message, cause);
  }

  /** A run that ended so, as its runner says. */
  RunFailedException(String message) {
    super(message);
  }

  /** Returns the exception for what a runner threw. */
  static RunFailedException of(Throwable thrown) {
    Throwable cause = innermost(thrown);
    String message = cause.getMessage();
    return new RunFailedException(message == null ? cause.getClass().getName() : message, cause);
  }

  private static Throwable innermost(Throwable thrown) {
    Throwable cause = thrown;
    for (Throwable layer = thrown; layer != null; layer = layer.getCause()) {
      if (layer instanceof UserCodeException && layer.getCause() != null) {
        cause = layer.getCause(); // what a transform threw; the last such layer is the nearest
      }
    }
    while (isWrapping(cause)) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static boolean isWrapping(Throwable thrown) {
    Throwable cause = thrown.getCause();
    if (cause == null) {
      return false;
    }
    return thrown instanceof PipelineExecutionException
        || thrown instanceof ExecutionException
        || (thrown.getClass() == RuntimeException.class
            && cause.toString().equals(thrown.getMessage()));
  }
}
