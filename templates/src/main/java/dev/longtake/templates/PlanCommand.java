package dev.longtake.templates;

import com.google.auto.service.AutoService;
import dev.longtake.pipeline.assembly.PluginRegistry;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.templates.PlanTemplate.BatchPlan;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code longtake plan}. */
@SuppressWarnings("rawtypes") // a service type has no type arguments
@AutoService(Callable.class)
@Command(
    name = "plan",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    modelTransformer = RenderModel.class,
    customSynopsis = "longtake plan --manifest=FILE --output=DIR [--OPTION=VALUE]...",
    description = {
      "Says what 'render' would do with the same options, and how long it would take here.",
      "",
      "Reads and checks every request, cuts it into takes and clips, looks for those that are there"
          + " already, and renders two clips of each size of video to measure the speed; neither is"
          + " kept. No video is written."
    },
    exitCodeListHeading = "%nExit codes%n",
    exitCodeList = {
      "  0:all requests can be rendered",
      "  1:some requests cannot",
      "  2:refused before starting",
      "130:interrupted"
    })
public final class PlanCommand implements Callable<Integer> {
  private final Supplier<PluginRegistry> plugins;

  @Spec private CommandSpec spec;
  @Unmatched private @Nullable List<String> unmatched;

  /** For {@link java.util.ServiceLoader}. */
  public PlanCommand() {
    this(PluginRegistry::load);
  }

  /** Creates a command that chooses from {@code plugins}. */
  PlanCommand(Supplier<PluginRegistry> plugins) {
    this.plugins = plugins;
  }

  @Override
  public Integer call() throws RunFailedException, IOException {
    LongtakeOptions options = RenderArguments.options(spec, unmatched);
    BatchPlan plan = new PlanTemplate(plugins.get()).plan(options);
    PlanTable.lines(plan).forEach(spec.commandLine().getOut()::println);
    return plan.failures().isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
  }
}
