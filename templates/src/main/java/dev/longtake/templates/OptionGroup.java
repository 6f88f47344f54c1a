package dev.longtake.templates;

import com.google.common.base.Ascii;
import dev.longtake.pipeline.options.LongtakeOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Options of {@code longtake render} that stand together in its help. What an option means, and its
 * default, is said by {@link LongtakeOptions}; here it gets its place, its label, and the name that
 * the official scripts have for it.
 *
 * @param title the heading in the help
 * @param entries those that are properties, in the order of the help
 * @param official those that say the same in other words, last in the help
 */
record OptionGroup(String title, List<Entry> entries, Supplier<List<OptionSpec>> official) {
  /** All groups, in the order of the help. */
  static final List<OptionGroup> ALL =
      List.of(
          new OptionGroup(
              "What to render",
              List.of(
                  new Entry("manifest", "FILE", "sample_list"),
                  new Entry("output", "DIR", "save_dir"),
                  new Entry("size", "W*H", null),
                  new Entry("numClip", "N", "num_clip"),
                  new Entry("seed", "N", "base_seed")),
              List::of),
          new OptionGroup(
              "Model",
              List.of(
                  new Entry("checkpoint", "DIR", "ckpt_dir"),
                  new Entry("precision", "NAME", null),
                  new Entry("kvPrecision", "NAME", null),
                  new Entry("inferFrames", "N", "infer_frames"),
                  new Entry("sampleSteps", "N", "sample_steps")),
              OfficialOptions::ofModel),
          new OptionGroup(
              "Device",
              List.of(
                  new Entry("device", "NAME", null),
                  new Entry("strategy", "NAME", null),
                  new Entry("vramLimit", "SIZE", null),
                  new Entry("lanes", "N", null),
                  new Entry("allowDegrade", "true|false", null),
                  new Entry("cpuThreads", "N", null),
                  new Entry("cpuDevices", "NxSIZE", null),
                  new Entry("leaseDir", "DIR", null)),
              OfficialOptions::ofDevice),
          new OptionGroup(
              "Pipeline",
              List.of(
                  new Entry("workDir", "DIR", null),
                  new Entry("continuity", "NAME", null),
                  new Entry("takeSeconds", "N", null)),
              List::of),
          new OptionGroup(
              "Plugins, by name",
              List.of(
                  new Entry("source", "NAME", null),
                  new Entry("takePlanner", "NAME", null),
                  new Entry("renderer", "NAME", null),
                  new Entry("postProcessors", "A,B", null),
                  new Entry("sink", "NAME", null)),
              List::of));

  private static final Map<String, OptionProperty> PROPERTIES =
      OptionProperty.declaredBy(LongtakeOptions.class);
  private static final Pattern WORD_START = Pattern.compile("_([a-z])");

  /** Returns the group's properties of {@link LongtakeOptions}. */
  List<OptionProperty> properties() {
    return entries.stream().map(Entry::property).toList();
  }

  /** Returns new options, in the order of the help. */
  List<OptionSpec> options() {
    List<OptionSpec> options = new ArrayList<>();
    entries.forEach(entry -> options.add(entry.option()));
    options.addAll(official.get());
    return options;
  }

  /**
   * One option.
   *
   * @param name of the property
   * @param label what the help writes for its value
   * @param official its name in the official scripts, null if it is the same there or none
   */
  record Entry(String name, String label, @Nullable String official) {
    OptionProperty property() {
      return PROPERTIES.get(name);
    }

    OptionSpec option() {
      OptionProperty property = property();
      OptionSpec.Builder option =
          OptionSpec.builder(names())
              .paramLabel(label)
              .type(property.type())
              .arity(property.type() == boolean.class ? "0..1" : "1")
              .fallbackValue(property.type() == boolean.class ? "true" : "")
              .description(property.description().replace("%", "%%"));
      return property.type() == List.class
          ? option.auxiliaryTypes(String.class).splitRegex(",").hideParamSyntax(true).build()
          : option.build();
    }

    private String[] names() {
      if (official == null) {
        return new String[] {"--" + name};
      }
      return Stream.of(name, camelCase(official), official)
          .distinct()
          .map(option -> "--" + option)
          .toArray(String[]::new);
    }

    private static String camelCase(String words) {
      return WORD_START.matcher(words).replaceAll(match -> Ascii.toUpperCase(match.group(1)));
    }
  }
}
