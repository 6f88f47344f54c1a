package dev.longtake.templates;

import static java.util.stream.Collectors.joining;

import com.google.auto.service.AutoService;
import dev.longtake.pipeline.assembly.PluginRegistry;
import dev.longtake.pipeline.assembly.RunCounts;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.Console;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code longtake render}. */
@SuppressWarnings("rawtypes") // a service type has no type arguments
@AutoService(Callable.class)
@Command(
    name = "render",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    modelTransformer = RenderModel.class,
    customSynopsis = "longtake render --manifest=FILE --output=DIR [--OPTION=VALUE]...",
    description = {
      "Renders the videos that a manifest describes.",
      "",
      "What has been rendered is not rendered again: after an interruption, or once failed lines of"
          + " the manifest are mended, run the same command again."
    },
    footer = {
      "",
      "Any other --OPTION=VALUE is for Apache Beam or a plugin: --runner=FlinkRunner, for example.",
      "The official scripts' spellings are understood: --infer_frames, --sample_steps, --num_clip,"
          + " --base_seed, --ckpt_dir, --sample_list, --save_dir, --offload_model, --num_gpus_dit,"
          + " --ulysses_size, --enable_vae_parallel.",
      "",
      "Examples",
      "  longtake render --manifest=talks.jsonl --output=videos",
      "  longtake render --manifest=talks.jsonl --output=videos \\",
      "      --checkpoint=ckpt --device=cuda --strategy=offload --vramLimit=22GiB",
      "",
      "  with lines in talks.jsonl like",
      "",
      "  {\"id\": \"one\", \"image\": \"one.png\", \"audio\": \"one.wav\", \"prompt\": \"...\"}",
      ""
    },
    exitCodeListHeading = "%nExit codes%n",
    exitCodeList = {
      "  0:all videos are there",
      "  1:finished, but some requests failed; or the run itself failed",
      "  2:refused before starting",
      "130:interrupted"
    })
public final class RenderCommand implements Callable<Integer> {
  private static final Pattern PLAIN_WORD = Pattern.compile("[A-Za-z0-9_./:=,@%+-]+");

  private final Supplier<PluginRegistry> plugins;

  @Spec private CommandSpec spec;
  @Unmatched private List<String> unmatched;

  /** For {@link java.util.ServiceLoader}. */
  public RenderCommand() {
    this(PluginRegistry::load);
  }

  /** Creates a command that chooses from {@code plugins}. */
  RenderCommand(Supplier<PluginRegistry> plugins) {
    this.plugins = plugins;
  }

  @Override
  public Integer call() throws RunFailedException, IOException {
    PluginRegistry registry = plugins.get();
    RenderArguments.requireFits(spec, unmatched, registry);
    RenderBatchTemplate template = new RenderBatchTemplate(registry);
    LongtakeOptions options = RenderArguments.options(spec, unmatched, template);
    RunCounts counts = template.render(options, console());
    return counts.failures() == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  /** Returns what was typed in the words of {@link LongtakeOptions} and of Beam. */
  List<String> beamArguments() {
    return RenderArguments.forBeam(spec, unmatched);
  }

  private Console console() throws IOException {
    // Lines that are drawn in place and a log that runs beside them spoil each other.
    Terminal terminal = Logging.isVerbose() ? Terminal.NONE : Terminal.ofThisProcess();
    CommandLine root = spec.root().commandLine();
    String commandLine =
        root.getParseResult().originalArgs().stream()
            .map(RenderCommand::quoted)
            .collect(joining(" ", root.getCommandName() + " ", ""));
    return new Console(
        spec.commandLine().getOut(),
        terminal.columns(),
        terminal.rows(),
        commandLine,
        new Version().getVersion()[0]);
  }

  private static String quoted(String word) {
    return PLAIN_WORD.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
