package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.pipeline.spi.RunWatch;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is asked of the terminal, and what is kept from it. */
class RenderTerminalTest {
  private static final Map<String, String> XTERM = Map.of("TERM", "xterm");

  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final PrintStream before = System.err;

  @BeforeEach
  void catchErrors() {
    System.setErr(new PrintStream(written, true, UTF_8));
  }

  @AfterEach
  void restore() {
    System.setErr(before);
  }

  @Test
  void sttySaysRowsFirst() {
    assertThat(Terminal.of(XTERM, "24 80\n")).isEqualTo(new Terminal(80, 24));
  }

  @Test
  void theEnvironmentGoesFirst() {
    assertThat(Terminal.of(Map.of("TERM", "xterm", "COLUMNS", "120", "LINES", "no"), "24 80\n"))
        .isEqualTo(new Terminal(120, 24));
  }

  @Test
  void whatIsNoTerminalHasNoSizeWhateverTheEnvironmentSays() {
    Map<String, String> environment = Map.of("TERM", "xterm", "COLUMNS", "120", "LINES", "40");

    assertThat(Terminal.of(environment, "")).isEqualTo(Terminal.NONE);
    assertThat(Terminal.of(environment, "stty: invalid argument")).isEqualTo(Terminal.NONE);
  }

  @Test
  void drawsNothingWhereThatCannotBe() {
    assertThat(Terminal.of(Map.of("TERM", "dumb"), "24 80\n")).isEqualTo(Terminal.NONE);
    assertThat(Terminal.of(Map.of(), "24 80\n")).isEqualTo(Terminal.NONE);
    assertThat(Terminal.of(XTERM, "0 0\n")).isEqualTo(Terminal.NONE);
  }

  @Test
  void warningsWaitUntilTheTerminalIsFree() {
    try (GuardedWatch watch = GuardedWatch.open(() -> () -> before("closing"), true)) {
      System.err.println("a warning");
      assertThat(text()).isEmpty();
      watch.finished();
    }

    assertThat(text()).isEqualToNormalizingNewlines("a warning\n");
  }

  @Test
  void warningsDoNotWaitForWhatIsNoTerminal() {
    try (GuardedWatch watch = GuardedWatch.open(() -> RunWatch.NONE, false)) {
      System.err.println("a warning");
      assertThat(text()).isEqualToNormalizingNewlines("a warning\n");
      watch.finished();
    }
  }

  @Test
  void aFloodOfWarningsIsCutAndCounted() {
    try (HeldErrors held = HeldErrors.hold()) {
      assertThat(held).isNotNull();
      System.err.print("x".repeat(70_000));
    }

    assertThat(text())
        .startsWith("x".repeat(65_536) + System.lineSeparator())
        .contains("(4464 more bytes");
  }

  @Test
  void aWatchThatCannotBeOpenedLeavesErrorsAlone() {
    PrintStream err = System.err;
    IllegalStateException failure = new IllegalStateException();
    try (GuardedWatch watch =
        GuardedWatch.open(
            () -> {
              throw failure;
            },
            true)) {
      assertThat(watch).isNull();
    } catch (IllegalStateException e) {
      assertThat(e).isSameAs(failure);
    }

    assertThat(System.err).isSameAs(err);
  }

  private void before(String closing) {
    assertThat(text()).as(closing).isEmpty();
  }

  private String text() {
    return written.toString(UTF_8);
  }
}
