package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a process of its own shows: signals, exit codes, logs. */
class RenderProcessTest {
  private static final Duration MOST_UNTIL_EXIT = Duration.ofSeconds(5);
  private static final long MOST_SECONDS = 60;

  @TempDir private Path directory;
  private Path output;

  @BeforeEach
  void makeOutput() throws Exception {
    output = Files.createDirectory(directory.resolve("out"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void aSignalEndsTheRunWhileNativeCodeComputes(String signal) throws Exception {
    try (WatchService watch = FileSystems.getDefault().newWatchService()) {
      output.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
      Process process = start("long");
      try {
        assertThat(watch.poll(MOST_SECONDS, SECONDS)).as("rendering").isNotNull();
        assertThat(output.resolve("rendering")).exists();

        Instant sent = Instant.now();
        assertThat(
                new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor())
            .isZero();

        assertThat(process.waitFor(MOST_SECONDS, SECONDS)).isTrue();
        assertThat(Duration.between(sent, Instant.now())).isLessThan(MOST_UNTIL_EXIT);
      } finally {
        process.destroyForcibly();
      }
      assertThat(process.exitValue()).isEqualTo(130);
      assertThat(stderr())
          .isEqualTo(
              "longtake: interrupted; finished takes are kept: run the same command again to go"
                  + " on\n");
      assertThat(stdout()).containsOnlyOnce("watch closed").doesNotContain("watch finished");
    }
  }

  @Test
  void exitCodesAreTheProcesss() throws Exception {
    assertThat(exitCode("a")).isZero();
    assertThat(exitCode("bad")).isEqualTo(1);
    assertThat(exitCode("tear")).isEqualTo(1);
    assertThat(exitCode("a", "--no")).isEqualTo(2);
  }

  @Test
  void warnsAndNothingMore() throws Exception {
    assertThat(exitCode("warn")).isZero();

    assertThat(stderr()).matches("(?s)\\S+ \\S*WARN\\S* PaperPlugin - the paper is thin\\R");
    assertThat(stdout()).doesNotContain("paper is");
  }

  @Test
  void verboseTellsMoreButNoChatter() throws Exception {
    assertThat(exitCode("warn", "--verbose")).isZero();

    assertThat(stderr())
        .contains("the paper is white", "the paper is thin", "beam chats")
        .doesNotContain("djl chats");
    assertThat(stdout()).doesNotContain("paper is");
  }

  private int exitCode(String ids, String... more) throws Exception {
    Process process = start(ids, more);
    try {
      assertThat(process.waitFor(MOST_SECONDS, SECONDS)).isTrue();
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  private Process start(String ids, String... more) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "env",
                "--default-signal=INT", // a shell's background jobs ignore it, and their children
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                RenderJobs.QUICK_TO_START,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(Arrays.asList(RenderCommandTest.arguments(ids, output.toString())));
    command.addAll(List.of(more));
    return new ProcessBuilder(command)
        .redirectOutput(directory.resolve("stdout").toFile())
        .redirectError(directory.resolve("stderr").toFile())
        .start();
  }

  private String stdout() throws Exception {
    return Files.readString(directory.resolve("stdout"), UTF_8);
  }

  private String stderr() throws Exception {
    return Files.readString(directory.resolve("stderr"), UTF_8);
  }
}
