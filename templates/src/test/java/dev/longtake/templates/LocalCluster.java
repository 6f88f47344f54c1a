package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A Flink cluster of processes, by {@code tools/local-flink/cluster}, with the classes under test.
 */
final class LocalCluster implements AutoCloseable {
  private static final int FIRST_PORT = 20_000;
  private static final int LAST_PORT = 30_000;
  private static final int PORTS = 6; // REST, RPC, and a metrics port for each process and one more
  private static final int FIRST_METRICS_PORT = 2; // of those
  private static final Pattern SAMPLE =
      Pattern.compile("^([a-zA-Z_:]\\w*)(?:\\{.*})? (\\S+)$", Pattern.MULTILINE);
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
    this.port = freePorts();
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

  /** Returns what the processes export for Prometheus, added up over processes and labels. */
  Map<String, Double> metrics() throws Exception {
    Map<String, Double> metrics = new TreeMap<>();
    for (int i = FIRST_METRICS_PORT; i < PORTS; i++) {
      URI endpoint = URI.create("http://localhost:%d/metrics".formatted(port + i));
      try {
        HttpRequest request = HttpRequest.newBuilder(endpoint).build();
        String body = HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
        SAMPLE
            .matcher(body)
            .results()
            .forEach(
                sample ->
                    metrics.merge(
                        sample.group(1), Double.parseDouble(sample.group(2)), Double::sum));
      } catch (ConnectException e) {
        // Of the range, a process takes the first port that is free.
      }
    }
    return metrics;
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
    builder
        .environment()
        .put("LONGTAKE_FLINK_METRICS", (port + FIRST_METRICS_PORT) + "-" + (port + PORTS - 1));
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

  /** Returns the first of {@link #PORTS} that are free. */
  private static int freePorts() {
    for (int first = FIRST_PORT; first < LAST_PORT; first += PORTS) {
      if (IntStream.range(first, first + PORTS).allMatch(LocalCluster::isFree)) {
        return first;
      }
    }
    throw new AssertionError("no %d ports in a row are free".formatted(PORTS));
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port)) {
      return socket.isBound();
    } catch (IOException e) {
      return false; // somebody has it
    }
  }
}
