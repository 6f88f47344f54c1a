package dev.longtake.templates;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void helpListsTheCommandsByName() {
    assertThat(run("--help")).isZero();

    assertThat(out.toString()).containsSubsequence("Usage: longtake", "bark", "walk");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void versionIsTheBuilds() {
    assertThat(run("--version")).isZero();

    assertThat(out.toString()).matches("longtake \\d+\\.\\d+\\.\\d+\\S*\\R");
  }

  @Test
  void returnsWhatTheCommandReturns() {
    assertThat(run("bark", "--times=7")).isEqualTo(7);
  }

  @Test
  void printsUsageWhenNoCommandIsNamed() {
    assertThat(run()).isEqualTo(2);

    assertThat(err.toString()).contains("Usage: longtake", "bark", "walk");
  }

  @Test
  void refusesAnUnknownCommandAndNamesThoseThereAre() {
    assertThat(run("meow")).isEqualTo(2);

    assertThat(err.toString())
        .startsWith("longtake: no command is named 'meow'. There are: bark, walk.");
  }

  @Test
  void refusesAnUnknownOptionOfACommand() {
    assertThat(run("bark", "--loud")).isEqualTo(2);

    assertThat(err.toString())
        .isEqualToNormalizingNewlines(
            "longtake bark: Unknown option: '--loud'\nTry 'longtake bark --help'.\n");
  }

  @Test
  void refusesAnUnknownArgumentOfACommand() {
    assertThat(run("bark", "meow")).isEqualTo(2);

    assertThat(err.toString()).startsWith("longtake bark: Unmatched argument at index 1: 'meow'");
  }

  @Test
  void twoCommandsOfOneNameStopTheProgram() {
    assertThat(runWith(List.of(new Bark(), new OtherBark()), "--help")).isEqualTo(2);

    assertThat(err.toString())
        .startsWith("longtake: Two commands are named 'bark'")
        .contains(Bark.class.getName(), OtherBark.class.getName());
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void reportsAFailureInOneLine() {
    assertThat(run("walk")).isEqualTo(1);

    assertThat(err.toString()).isEqualToNormalizingNewlines("longtake: it rains\n");
  }

  @Test
  void stacktraceIsPrintedOnRequestAfterTheCommandToo() {
    assertThat(run("walk", "--stacktrace")).isEqualTo(1);

    assertThat(err.toString())
        .startsWith("longtake: it rains")
        .contains("java.lang.IllegalStateException: it rains", "at " + Walk.class.getName());
  }

  @Test
  void findsAnnotatedServicesOnly() {
    assertThat(Commands.onClassPath())
        .hasAtLeastOneElementOfType(Bark.class)
        .doesNotHaveAnyElementsOfTypes(NoCommand.class);
  }

  private int run(String... args) {
    return runWith(List.of(new Walk(), new Bark()), args);
  }

  private int runWith(List<Callable<Integer>> commands, String... args) {
    return Main.run(commands, new PrintWriter(out, true), new PrintWriter(err, true), args);
  }

  @Command(name = "bark")
  public static final class Bark implements Callable<Integer> {
    @Option(names = "--times")
    private int times;

    @Override
    public Integer call() {
      return times;
    }
  }

  @Command(name = "bark")
  private static final class OtherBark implements Callable<Integer> {
    @Override
    public Integer call() {
      return 0;
    }
  }

  @Command(name = "walk")
  private static final class Walk implements Callable<Integer> {
    @Override
    public Integer call() {
      throw new IllegalStateException("it rains");
    }
  }

  public static final class NoCommand implements Callable<Integer> {
    @Override
    public Integer call() {
      return 0;
    }
  }
}
