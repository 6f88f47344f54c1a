package dev.longtake.templates;

import dev.longtake.pipeline.options.LongtakeOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.flink.streaming.api.environment.LocalStreamEnvironment;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * What suits a Flink cluster, where the command line does not say otherwise.
 *
 * <ul>
 *   <li>As many parallel takes as the cluster has task slots, because a slot stands for the right
 *       to a lane of a device.
 *   <li>No class is sent. The workers have them on their own class path, so that native libraries
 *       are loaded once in a process and not once in a job.
 * </ul>
 */
final class FlinkDefaults {
  private static final Duration MOST_UNTIL_ANSWER = Duration.ofSeconds(10);
  private static final int NOT_SAID = -1;
  private static final String IN_THIS_PROCESS = "["; // [local], [auto], [collection]
  private static final String AUTO = "[auto]"; // in this process, unless Flink has started it
  private static final int OK = 200;
  private static final Pattern SLOTS = Pattern.compile("\"slots-total\"\\s*:\\s*(\\d+)");

  private FlinkDefaults() {}

  /** Returns whether a pipeline with these options runs on Flink. */
  static boolean isFor(PipelineOptions options) {
    return options.getRunner() == FlinkRunner.class;
  }

  /** Returns whether a pipeline with these options runs on a Flink cluster. */
  static boolean isRemote(PipelineOptions options) {
    if (!isFor(options)) {
      return false;
    }
    FlinkPipelineOptions flink = options.as(FlinkPipelineOptions.class);
    return namesACluster(flink) || (flink.getFlinkMaster().equals(AUTO) && isProgramOfACluster());
  }

  private static boolean namesACluster(FlinkPipelineOptions flink) {
    return !flink.getFlinkMaster().startsWith(IN_THIS_PROCESS);
  }

  /** Returns whether Flink itself has started this program: see {@link FlinkApplication}. */
  private static boolean isProgramOfACluster() {
    return !(StreamExecutionEnvironment.getExecutionEnvironment()
        instanceof LocalStreamEnvironment);
  }

  /**
   * Completes options that are {@link #isFor} Flink.
   *
   * @throws IllegalArgumentException if a cluster is named that does not answer or has no slots
   * @throws UncheckedIOException if there is no room for an empty jar among the temporary files
   */
  static void complete(PipelineOptions options) {
    FlinkPipelineOptions flink = options.as(FlinkPipelineOptions.class);
    options.as(LongtakeOptions.class).setWorkersElsewhere(isRemote(options));
    if (flink.getFilesToStage() == null && namesACluster(flink)) {
      flink.setFilesToStage(List.of(emptyJar().toString()));
    }
    if (flink.getParallelism() == NOT_SAID && namesACluster(flink)) {
      flink.setParallelism(slots(flink.getFlinkMaster()));
    }
  }

  /** Returns a jar of nothing: for no jar at all, Beam sends the whole class path. */
  private static Path emptyJar() {
    try {
      Path jar = Files.createTempFile("longtake-sends-nothing-", ".jar");
      jar.toFile().deleteOnExit();
      new JarOutputStream(Files.newOutputStream(jar)).close();
      return jar;
    } catch (IOException e) {
      throw new UncheckedIOException("An empty jar is needed to send a job to Flink.", e);
    }
  }

  private static int slots(String master) {
    String body = overview(master);
    Matcher slots = SLOTS.matcher(body);
    if (!slots.find()) {
      throw new IllegalArgumentException(
          "--flinkMaster=%s: what answers there is no Flink cluster. Name the REST port of its JobManager."
              .formatted(master));
    }
    int count = Integer.parseInt(slots.group(1));
    if (count == 0) {
      throw new IllegalArgumentException(
          "--flinkMaster=%s: the cluster has no task slots. Start a TaskManager, or say --parallelism=N."
              .formatted(master));
    }
    return count;
  }

  private static String overview(String master) {
    String address = master.contains("://") ? master : "http://" + master;
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(address + "/overview"))
              .timeout(MOST_UNTIL_ANSWER)
              .build();
      HttpResponse<String> answer =
          HttpClient.newBuilder()
              .connectTimeout(MOST_UNTIL_ANSWER)
              .build()
              .send(request, BodyHandlers.ofString());
      return answer.statusCode() == OK ? answer.body() : "";
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "--flinkMaster=%s: no JobManager answers there (%s). Does it run, and is this its REST port?"
              .formatted(master, e),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalArgumentException("interrupted while asking " + master, e);
    }
  }
}
