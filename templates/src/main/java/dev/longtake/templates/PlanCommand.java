package dev.longtake.templates;

import com.google.auto.service.AutoService;
import dev.longtake.pipeline.assembly.PluginRegistry;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.options.PlanOptions;
import dev.longtake.pipeline.spi.Feasibility;
import dev.longtake.templates.PlanTemplate.BatchPlan;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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
    customSynopsis = {
      "longtake plan --manifest=FILE --output=DIR [--OPTION=VALUE]...",
      "longtake plan --gpus=GPUS [--shape=14b] [--json] [--OPTION=VALUE]..."
    },
    description = {
      "Says what 'render' would do with the same options, and how long it would take here.",
      "",
      "Reads and checks every request, cuts it into takes and clips, looks for those that are there"
          + " already, and renders two clips of each size of video to measure the speed; neither is"
          + " kept. No video is written.",
      "",
      "On GPUs, those of this machine or described ones, it lists every way to place the model: where"
          + " the memory goes, whether it fits, and how fast it would be. For described GPUs nothing"
          + " is measured and no manifest is needed; with one, it says how many GPU-hours it takes."
    },
    exitCodeListHeading = "%nExit codes%n",
    exitCodeList = {
      "  0:all requests can be rendered",
      "  1:some requests cannot",
      "  2:refused before starting",
      "  3:no way to place the model fits",
      "130:interrupted"
    })
public final class PlanCommand implements Callable<Integer> {
  private static final int NOTHING_FITS = 3;
  private static final BatchPlan NO_REQUESTS = new BatchPlan(List.of(), List.of(), "");

  private final Supplier<PluginRegistry> plugins;

  @Spec private CommandSpec spec;

  @Option(
      names = "--gpus",
      paramLabel = "GPUS",
      description =
          "GPUs to plan for: 5x24GiB, or by name: rtx4090,2xh100; or official, for the machines that"
              + " the official scripts are made for. Default: those of this machine.")
  private @Nullable String gpus;

  @Option(
      names = "--shape",
      paramLabel = "14b",
      description =
          "Plan for the official model without its files. Default: the checkpoint's shape.")
  private @Nullable String shape;

  @Option(
      names = "--hostMemory",
      paramLabel = "SIZE",
      description = "What the host of the described GPUs has for pinning. Default: what is here.")
  private @Nullable String hostMemory;

  @Option(names = "--json", description = "Print the ways to place the model as JSON, alone.")
  private boolean json;

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
    boolean described = gpus != null;
    PluginRegistry registry = plugins.get();
    if (!described) {
      RenderArguments.requireFits(spec, unmatched, registry);
    }
    boolean hasRequests =
        !described || spec.commandLine().getParseResult().hasMatchedOption("--manifest");
    LongtakeOptions options =
        hasRequests
            ? RenderArguments.options(spec, unmatched, new RenderBatchTemplate(registry))
            : RenderArguments.withoutRequests(spec, unmatched);
    PlanOptions planned = options.as(PlanOptions.class);
    planned.setGpus(gpus);
    planned.setShape(shape);
    planned.setHostMemory(hostMemory);
    PlanTemplate template = new PlanTemplate(registry);
    BatchPlan plan = NO_REQUESTS;
    if (!described) {
      Optional<Feasibility> here = template.feasibility(options, 0);
      if (here.isPresent() && !here.get().fits()) {
        return report(List.of(), here.get());
      }
    }
    if (hasRequests) {
      plan = described ? template.planElsewhere(options) : template.plan(options);
    }
    Optional<Feasibility> placements = template.feasibility(options, plan.frames());
    List<String> requests = hasRequests ? PlanTable.lines(plan) : List.of();
    if (placements.isEmpty()) {
      print(requests);
    } else if (report(requests, placements.get()) == NOTHING_FITS) {
      return NOTHING_FITS;
    }
    return plan.failures().isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private int report(List<String> requests, Feasibility placements) {
    if (json) {
      print(List.of(placements.json()));
    } else {
      print(requests);
      print(placements.lines());
    }
    return placements.fits() ? ExitCode.OK : NOTHING_FITS;
  }

  private void print(List<String> lines) {
    lines.forEach(spec.commandLine().getOut()::println);
  }
}
