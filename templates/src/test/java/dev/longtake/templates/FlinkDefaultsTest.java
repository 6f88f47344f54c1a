package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.net.httpserver.HttpServer;
import dev.longtake.pipeline.options.LongtakeOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is asked of a cluster, and what of the command line stays as it is. */
class FlinkDefaultsTest {
  private HttpServer manager;

  @AfterEach
  void stop() {
    if (manager != null) {
      manager.stop(0);
    }
  }

  @Test
  void parallelismIsTheClustersSlots() throws Exception {
    FlinkPipelineOptions options =
        parse("--flinkMaster=" + answering("{\"taskmanagers\":3,\"slots-total\":6}"));

    assertThat(options.getParallelism()).isEqualTo(6);
    assertThat(options.getFilesToStage()).hasSize(1);
    try (JarFile sent = new JarFile(options.getFilesToStage().get(0))) {
      assertThat(sent.size()).isZero();
    }
  }

  @Test
  void whatIsSaidStays() {
    FlinkPipelineOptions options =
        parse("--flinkMaster=nowhere.invalid:1", "--parallelism=5", "--filesToStage=a.jar,b.jar");

    assertThat(options.getParallelism()).isEqualTo(5);
    assertThat(options.getFilesToStage()).containsExactly("a.jar", "b.jar");
  }

  @Test
  void refusesAClusterWithoutSlots() throws Exception {
    String master = answering("{\"taskmanagers\":0,\"slots-total\":0}");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse("--flinkMaster=" + master))
        .withMessageContainingAll("--flinkMaster=" + master, "no task slots", "TaskManager");
  }

  @Test
  void refusesWhatIsNoCluster() throws Exception {
    String master = answering("<html>");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse("--flinkMaster=" + master))
        .withMessageContainingAll("--flinkMaster=" + master, "no Flink cluster");
  }

  @Test
  void refusesAnAddressWhereNobodyAnswers() throws Exception {
    String master;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      master = "localhost:" + closed.getLocalPort();
    }

    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse("--flinkMaster=" + master))
        .withMessageContainingAll("--flinkMaster=" + master, "no JobManager answers");
  }

  @Test
  void asksNobodyWhereFlinkIsInThisProcess() {
    FlinkPipelineOptions options = parse("--flinkMaster=[local]");

    assertThat(FlinkDefaults.isFor(options)).isTrue();
    assertThat(FlinkDefaults.isRemote(options)).isFalse();
  }

  private static FlinkPipelineOptions parse(String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("--runner=FlinkRunner", "--manifest=m", "--output=o"));
    arguments.addAll(List.of(more));
    LongtakeOptions options = RenderBatchTemplate.parse(arguments);
    return options.as(FlinkPipelineOptions.class);
  }

  private String answering(String body) throws IOException {
    manager = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    manager.createContext(
        "/overview",
        exchange -> {
          byte[] answer = body.getBytes(UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    manager.start();
    return "localhost:" + manager.getAddress().getPort();
  }
}
