package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The command line {@code longtake}. Does no work of its own: it runs one of the {@link Commands}
 * on the class path.
 *
 * <p>Exit codes: 0 done; 1 what the command returns for failed checks, or a failure while it ran; 2
 * refused before starting; 130 interrupted. {@link FailureReport} says which failure is which.
 */
@Command(
    name = "longtake",
    description = "Renders long audio-driven avatar videos in bulk.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class)
public final class Main implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of a failure.")
  private boolean stacktrace;

  @Option(
      names = Logging.VERBOSE,
      scope = ScopeType.INHERIT,
      description = "Log what happens, not warnings alone.")
  @SuppressWarnings("UnusedVariable") // read from the arguments, before the first logger is made
  private boolean verbose;

  private Main() {}

  /** Runs {@code longtake} with {@code args} and exits with the code it returns. */
  public static void main(String[] args) {
    Logging.configure(args);
    PrintWriter out = new PrintWriter(System.out, true, UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, UTF_8);
    System.exit(run(Commands.onClassPath(args), out, err, args));
  }

  /** Runs the one of {@code commands} that {@code args} name, and returns the exit code. */
  static int run(
      List<? extends Callable<?>> commands, PrintWriter out, PrintWriter err, String... args) {
    Main main = new Main();
    FailureReport failureReport = new FailureReport(err, () -> main.stacktrace);
    CommandLine longtake = new CommandLine(main);
    try {
      Commands.byName(commands).forEach((name, command) -> longtake.addSubcommand(name, command));
    } catch (IllegalArgumentException e) {
      return failureReport.report(e);
    }
    return longtake
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(failureReport)
        .setExecutionExceptionHandler(failureReport)
        .execute(args);
  }

  /** Names the commands there are, to a caller that named none. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
