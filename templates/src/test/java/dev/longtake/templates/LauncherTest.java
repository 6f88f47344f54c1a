package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script {@code longtake}, beside a jar that is there, with programs that stand in for Java.
 */
class LauncherTest {
  private static final String NEVER = "never asked";

  @TempDir private Path home;
  private Path javaHome;

  /** What a run of the script came to. */
  private record Said(int exitCode, String output) {}

  @BeforeEach
  void install() throws IOException {
    Files.copy(Path.of("..", "longtake"), home.resolve("longtake"));
    Path target = Files.createDirectories(home.resolve("templates/target"));
    Path jar = Files.createFile(target.resolve("longtake.jar"));
    Files.setLastModifiedTime(jar, FileTime.from(Instant.EPOCH));
    Files.createFile(target.resolve("longtake.jsa"));
    javaHome = home.resolve("java");
  }

  @Test
  void readsTheVersionBesideTheProgramWithoutStartingIt() throws Exception {
    java(NEVER);
    Files.writeString(javaHome.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"21.0.1\"\n");

    Said said = run("render", "--manifest=a b");

    assertThat(said.output).contains("dev.longtake.templates.Main|render|--manifest=a b|");
    assertThat(said.exitCode).isZero();
  }

  @Test
  void asksTheProgramWhereNoFileSaysIt() throws Exception {
    java("openjdk version \"17.0.2\" 2022-01-18");

    assertThat(run("plan").output).contains("dev.longtake.templates.Main|plan|");
  }

  @Test
  void refusesAnOldJavaHoweverItSaysThat() throws Exception {
    java("java version \"1.8.0_292\"");
    Said asked = run();
    Files.writeString(javaHome.resolve("release"), "JAVA_VERSION=\"11.0.2\"\n");
    Said read = run();

    assertThat(asked.output).contains("Java 17 or later is needed, but '", "/bin/java' is 1. Set");
    assertThat(read.output).contains("Java 17 or later is needed, but '", "/bin/java' is 11. Set");
    assertThat(asked.exitCode).isEqualTo(2);
    assertThat(read.exitCode).isEqualTo(2);
  }

  @Test
  void refusesWhatIsNoJava() throws Exception {
    Said missing = run();
    java("something else");
    Said other = run();

    assertThat(missing.output).contains("there is no '" + javaHome + "/bin/java'. Install Java 17");
    assertThat(other.output).contains("names no version: something else");
    assertThat(missing.exitCode).isEqualTo(2);
    assertThat(other.exitCode).isEqualTo(2);
  }

  /** Writes a program that says a version if it is asked for it, and else its arguments. */
  private void java(String version) throws IOException {
    Path program = Files.createDirectories(javaHome.resolve("bin")).resolve("java");
    Files.writeString(
        program,
        """
        #!/bin/sh
        if [ "$1" = -version ]; then
          echo '%s' >&2
        else
          printf '%%s|' "$@"
        fi
        """
            .formatted(version));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Said run(String... arguments) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("bash", home.resolve("longtake").toString());
    builder.command().addAll(List.of(arguments));
    builder.environment().put("JAVA_HOME", javaHome.toString());
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Said(process.waitFor(), output);
  }
}
