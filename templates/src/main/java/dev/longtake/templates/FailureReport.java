package dev.longtake.templates;

import java.io.PrintWriter;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns what a command throws into one line and an exit code.
 *
 * <ul>
 *   <li>2, refused: arguments that do not parse, {@link IllegalArgumentException}, and the engine's
 *       {@code LongtakeException}, subclasses included;
 *   <li>130, interrupted: {@link InterruptedException};
 *   <li>1, failed: any other exception.
 * </ul>
 *
 * <p>The engine's exception is known by its simple name, because entry points do not import the
 * engine. An {@link Error} is not caught: the JVM prints it and exits with 1.
 */
final class FailureReport implements IParameterExceptionHandler, IExecutionExceptionHandler {
  private static final String ENGINE_EXCEPTION = "LongtakeException";
  private static final int INTERRUPTED = 130; // what a shell reports for SIGINT

  private final PrintWriter err;
  private final BooleanSupplier withStackTrace;

  /**
   * @param err where failures are written
   * @param withStackTrace asked at each failure whether its stack trace is wanted
   */
  FailureReport(PrintWriter err, BooleanSupplier withStackTrace) {
    this.err = err;
    this.withStackTrace = withStackTrace;
  }

  @Override
  public int handleParseException(ParameterException failure, String[] args) {
    String name = failure.getCommandLine().getCommandSpec().qualifiedName();
    err.printf("%s: %s%n", name, describe(failure));
    err.printf("Try '%s --help'.%n", name);
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(
      Exception failure, CommandLine command, ParseResult parseResult) {
    return report(failure);
  }

  /** Writes {@code failure} down and returns its exit code. */
  int report(Exception failure) {
    String message = failure.getMessage();
    err.printf("longtake: %s%n", message == null ? failure.getClass().getName() : message);
    if (withStackTrace.getAsBoolean()) {
      failure.printStackTrace(err);
    }
    return exitCode(failure);
  }

  private static int exitCode(Exception failure) {
    if (failure instanceof InterruptedException) {
      return INTERRUPTED;
    }
    boolean refused = failure instanceof IllegalArgumentException || isOfEngine(failure);
    return refused ? ExitCode.USAGE : ExitCode.SOFTWARE;
  }

  private static boolean isOfEngine(Exception failure) {
    for (Class<?> type = failure.getClass(); type != null; type = type.getSuperclass()) {
      if (type.getSimpleName().equals(ENGINE_EXCEPTION)) {
        return true;
      }
    }
    return false;
  }

  private static String describe(ParameterException failure) {
    CommandLine command = failure.getCommandLine();
    if (command.getParent() == null
        && failure instanceof UnmatchedArgumentException unmatched
        && !unmatched.isUnknownOption()) {
      return "no command is named '%s'. There are: %s."
          .formatted(
              unmatched.getUnmatched().get(0),
              String.join(", ", command.getSubcommands().keySet()));
    }
    return failure.getMessage();
  }
}
