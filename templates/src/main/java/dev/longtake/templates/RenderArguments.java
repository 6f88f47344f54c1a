package dev.longtake.templates;

import static java.util.stream.Collectors.joining;

import dev.longtake.pipeline.assembly.PluginRegistry;
import dev.longtake.pipeline.options.LongtakeOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The options of the commands that build a pipeline: from what was typed to what Beam reads. */
final class RenderArguments {
  private static final String THREADS = "--targetParallelism=";

  private RenderArguments() {}

  /**
   * Returns the options that were typed, and makes the output directory. A pipeline of this process
   * gets its threads, unless their number was typed.
   *
   * @param unmatched what picocli knows no option for
   * @param template that renders
   * @throws ParameterException if one is missing, unknown, invalid, or contradicts another
   */
  static LongtakeOptions options(
      CommandSpec spec, @Nullable List<String> unmatched, RenderBatchTemplate template) {
    try {
      List<String> arguments = forBeam(spec, unmatched);
      LongtakeOptions options = RenderBatchTemplate.parse(arguments);
      options.setCheckpoint(BuiltIn.checkpoint(options.getCheckpoint()));
      if (LocalFiles.hasManifestFile(options)) {
        LocalFiles.requireManifest(options.getManifest());
      }
      LocalFiles.makeOutput(options.getOutput());
      if (!RenderBatchTemplate.isDirect(options)) {
        LocalFiles.makeAbsolute(options);
      } else if (arguments.stream().noneMatch(each -> each.startsWith(THREADS))) {
        template.setThreads(options);
      }
      return options;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /**
   * Refuses what certainly does not fit on this machine, before Beam looks for its options, which
   * takes longer. Says nothing of runs elsewhere, nor of options that are missing or wrong.
   *
   * @throws ParameterException if options contradict each other, or one is invalid
   */
  static void requireFits(
      CommandSpec spec, @Nullable List<String> unmatched, PluginRegistry registry) {
    boolean isElsewhere =
        unmatched != null && unmatched.stream().anyMatch(word -> word.startsWith("--runner"));
    try {
      Map<String, String> typed = typed(spec, Required.NOTHING);
      if (!isElsewhere && typed.containsKey("manifest") && typed.containsKey("output")) {
        LongtakeOptions options = TypedOptions.of(typed);
        registry.renderer(options.getRenderer()).requireFits(options);
      }
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /**
   * Returns the options that were typed, where no requests are looked at: manifest and output may
   * be missing.
   *
   * @throws ParameterException if one is unknown or invalid
   */
  static LongtakeOptions withoutRequests(CommandSpec spec, @Nullable List<String> unmatched) {
    try {
      LongtakeOptions options =
          PipelineOptionsFactory.fromArgs(
                  forBeam(spec, unmatched, Required.NOTHING).toArray(String[]::new))
              .as(LongtakeOptions.class);
      options.setCheckpoint(BuiltIn.checkpoint(options.getCheckpoint()));
      return options;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** What must have been typed. */
  private enum Required {
    /** Whatever the options say. */
    ALL,
    NOTHING
  }

  /** Returns what was typed in the words of {@link LongtakeOptions} and of Beam. */
  static List<String> forBeam(CommandSpec spec, @Nullable List<String> unmatched) {
    return forBeam(spec, unmatched, Required.ALL);
  }

  private static List<String> forBeam(
      CommandSpec spec, @Nullable List<String> unmatched, Required required) {
    List<String> forBeam =
        UnknownOptions.forBeam(
            unmatched == null ? List.of() : unmatched, spec.optionsMap().keySet());
    List<String> arguments = new ArrayList<>();
    typed(spec, required).forEach((name, value) -> arguments.add("--" + name + "=" + value));
    arguments.addAll(forBeam);
    return arguments;
  }

  /** Returns the values of our own options that were typed, by name. */
  private static Map<String, String> typed(CommandSpec spec, Required required) {
    ParseResult typed = spec.commandLine().getParseResult();
    Map<String, String> values = new LinkedHashMap<>();
    List<String> missing = new ArrayList<>();
    for (OptionGroup group : OptionGroup.ALL) {
      for (OptionProperty property : group.properties()) {
        OptionSpec option = spec.findOption(property.name());
        if (typed.hasMatchedOption(option)) {
          values.put(property.name(), valueOf(option));
        } else if (property.required() && required == Required.ALL) {
          missing.add("'--%s=%s'".formatted(property.name(), option.paramLabel()));
        }
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          (missing.size() == 1 ? "Missing required option: " : "Missing required options: ")
              + String.join(", ", missing));
    }
    OfficialOptions official = OfficialOptions.in(typed);
    putIfAny(values, "strategy", official.strategy(values.get("strategy"), values.get("device")));
    putIfAny(values, "precision", official.precision(values.get("precision")));
    values.putAll(official.team(values.get("strategy")));
    return values;
  }

  private static String valueOf(OptionSpec option) {
    Object value = option.getValue();
    String text =
        value instanceof List<?> list
            ? list.stream().map(String::valueOf).collect(joining(","))
            : String.valueOf(value);
    if (text.isBlank()) {
      throw new IllegalArgumentException(
          "%s needs a value: write %1$s=%s.".formatted(option.names()[0], option.paramLabel()));
    }
    return text;
  }

  private static void putIfAny(Map<String, String> values, String name, @Nullable String value) {
    if (value != null) {
      values.put(name, value);
    }
  }
}
