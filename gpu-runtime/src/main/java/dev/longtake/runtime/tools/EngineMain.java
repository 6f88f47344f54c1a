package dev.longtake.runtime.tools;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tools.bench.BenchCommand;
import dev.longtake.runtime.tools.verify.VerifyCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The engine's commands alone, for machines that have the engine and nothing else. */
@Command(
    name = "longtake-engine",
    mixinStandardHelpOptions = true,
    description = "Checks and measures the engine.",
    subcommands = {VerifyCommand.class, BenchCommand.class})
public final class EngineMain {
  private EngineMain() {}

  /** Runs a command and exits with its exit code; 2 if it was refused. */
  public static void main(String[] arguments) {
    CommandLine commandLine = new CommandLine(new EngineMain());
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setExecutionExceptionHandler(
        (exception, failed, parsed) -> {
          failed.getErr().println(failed.getCommandName() + ": " + exception.getMessage());
          return exception instanceof LongtakeException ? 2 : 1;
        });
    System.exit(commandLine.execute(arguments));
  }
}
