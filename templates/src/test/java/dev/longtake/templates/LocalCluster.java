package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A Flink cluster of processes, by {@code tools/local-flink/cluster}, with the classes under test.
 */
final class LocalCluster implements AutoCloseable {
  private static final int FIRST_PORT = 20_000;
  private static final int LAST_PORT = 30_000;
  private static final long MOST_SECONDS_OF_A_COMMAND = 90;
  private static final Path SCRIPT =
      Path.of("../tools/local-flink/cluster").toAbsolutePath().normalize();

  private final Path directory;
  private final int port;

  /**
   * Prepares a cluster.
   *
   * @param directory gets logs and temporary files
   */
  LocalCluster(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
    this.port = freePort();
  }

  String master() {
    return "localhost:" + port;
  }

  /** Starts the JobManager and workers with these variables; returns when they are there. */
  void start(List<Map<String, String>> workers) throws Exception {
    manager();
    for (int i = 0; i < workers.size(); i++) {
      worker(i + 1, workers.get(i));
    }
    await(workers.size());
  }

  /** Starts the JobManager, again after it died. */
  void manager() throws Exception {
    run(Map.of(), "manager");
  }

  /** Starts a worker, again after it died. */
  void worker(int number, Map<String, String> environment) throws Exception {
    run(environment, "worker", Integer.toString(number));
  }

  /** Waits until there are so many workers. */
  void await(int workers) throws Exception {
    run(Map.of(), "await", Integer.toString(workers));
  }

  /** Ends a process by {@code kill -9}. */
  void kill(String name) throws Exception {
    long pid = Long.parseLong(Files.readString(directory.resolve(name + ".pid")).strip());
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    assertThat(process.destroyForcibly()).isTrue();
    process.onExit().get(MOST_SECONDS_OF_A_COMMAND, TimeUnit.SECONDS);
  }

  /** Returns what a process has said. */
  String log(String name) throws IOException {
    return Files.readString(directory.resolve(name + ".log"), UTF_8);
  }

  @Override
  public void close() throws Exception {
    run(Map.of(), "stop");
  }

  private void run(Map<String, String> environment, String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of(SCRIPT.toString()));
    all.addAll(List.of(command));
    ProcessBuilder builder = new ProcessBuilder(all);
    builder.environment().putAll(environment);
    builder.environment().put("LONGTAKE_FLINK_DIR", directory.toString());
    builder.environment().put("LONGTAKE_FLINK_PORT", Integer.toString(port));
    builder.environment().put("LONGTAKE_FLINK_CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().put("LONGTAKE_JAVA_OPTS", RenderJobs.QUICK_TO_START);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Path said = directory.resolve("cluster.txt");
    Process process = builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
    boolean ended = process.waitFor(MOST_SECONDS_OF_A_COMMAND, TimeUnit.SECONDS);
    process.destroyForcibly();
    assertThat(ended && process.exitValue() == 0)
        .as("cluster %s: %s", String.join(" ", command), Files.readString(said, UTF_8))
        .isTrue();
  }

  /** Returns a port that is free, and so is the one behind it. */
  private static int freePort() {
    for (int port = FIRST_PORT; port < LAST_PORT; port += 2) {
      try (ServerSocket first = new ServerSocket(port);
          ServerSocket second = new ServerSocket(port + 1)) {
        return first.getLocalPort();
      } catch (IOException e) {
        // Somebody has it: the next one.
      }
    }
    throw new AssertionError("no two ports in a row are free");
  }
}
