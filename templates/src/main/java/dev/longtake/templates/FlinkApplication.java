package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.stream.Stream;
import org.apache.flink.client.deployment.application.ApplicationClusterEntryPoint;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.runtime.entrypoint.ClusterEntrypointUtils;
import org.apache.flink.runtime.entrypoint.EntrypointClusterConfiguration;
import org.apache.flink.runtime.entrypoint.EntrypointClusterConfigurationParserFactory;
import org.apache.flink.runtime.resourcemanager.StandaloneResourceManagerFactory;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.runtime.util.JvmShutdownSafeguard;
import org.apache.flink.runtime.util.SignalHandler;
import picocli.CommandLine.ExitCode;

/**
 * A JobManager for a single {@code longtake render}, which it runs itself: Flink's application
 * mode. It ends with the run, with exit code 0 if that ended with 0.
 *
 * <p>Flink's own entry point for this is in {@code flink-container}, which is not in our jar; this
 * one does the same without high availability.
 */
public final class FlinkApplication extends ApplicationClusterEntryPoint {
  private FlinkApplication(Configuration configuration, PackagedProgram program) {
    super(configuration, program, StandaloneResourceManagerFactory.getInstance());
  }

  /**
   * Runs a JobManager.
   *
   * @param arguments those of Flink's other entry points, {@code --configDir} and {@code -D}, then
   *     the command line of {@code longtake} from {@code render} on, without a runner
   */
  public static void main(String[] arguments) throws Exception {
    EnvironmentInformation.logEnvironmentInfo(LOG, "Longtake in application mode", arguments);
    SignalHandler.register(LOG);
    JvmShutdownSafeguard.installAsShutdownHook(LOG);
    EntrypointClusterConfiguration said =
        ClusterEntrypointUtils.parseParametersOrExit(
            arguments, new EntrypointClusterConfigurationParserFactory(), FlinkApplication.class);
    Configuration configuration = loadConfiguration(said);
    configuration.set(DeploymentOptions.ATTACHED, true);
    PackagedProgram program =
        PackagedProgram.newBuilder()
            .setEntryPointClassName(Run.class.getName())
            .setArguments(said.getArgs())
            .setConfiguration(configuration)
            .build();
    configureExecution(configuration, program);
    runClusterEntrypoint(new FlinkApplication(configuration, program));
  }

  /** What the JobManager runs. */
  public static final class Run {
    private Run() {}

    /**
     * Runs {@code longtake} on the cluster that has called.
     *
     * @throws IllegalStateException if it does not end with 0
     */
    public static void main(String[] arguments) {
      String[] onThisCluster =
          Stream.concat(
                  Arrays.stream(arguments),
                  Stream.of("--runner=FlinkRunner", "--flinkMaster=[auto]"))
              .toArray(String[]::new);
      PrintWriter out = new PrintWriter(System.out, true, UTF_8);
      PrintWriter err = new PrintWriter(System.err, true, UTF_8);
      int code = Main.run(Commands.onClassPath(onThisCluster), out, err, onThisCluster);
      if (code != ExitCode.OK) {
        throw new IllegalStateException(
            "longtake has ended with %d; what it said is above".formatted(code));
      }
    }
  }
}
