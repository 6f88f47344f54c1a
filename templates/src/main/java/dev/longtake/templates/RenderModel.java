package dev.longtake.templates;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Gives {@code longtake render} its options, and its help their groups. */
final class RenderModel implements IModelTransformer {
  /** For picocli. */
  RenderModel() {}

  @Override
  public CommandSpec transform(CommandSpec command) {
    for (OptionGroup group : OptionGroup.ALL) {
      group.options().forEach(command::addOption);
    }
    Map<String, IHelpSectionRenderer> sections =
        new LinkedHashMap<>(command.usageMessage().sectionMap());
    sections.put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, RenderModel::options);
    command.usageMessage().sectionMap(sections);
    return command;
  }

  private static String options(Help help) {
    StringBuilder text = new StringBuilder();
    List<OptionSpec> others = new ArrayList<>(help.commandSpec().options());
    for (OptionGroup group : OptionGroup.ALL) {
      List<OptionSpec> options =
          group.options().stream()
              .map(option -> help.commandSpec().findOption(option.names()[0]))
              .toList();
      others.removeAll(options);
      text.append(section(help, group.title(), options));
    }
    return text.append(section(help, "Help and logging", others)).toString();
  }

  private static String section(Help help, String title, List<OptionSpec> options) {
    List<OptionSpec> shown = options.stream().map(RenderModel::underOneName).toList();
    Help.Layout layout =
        help.createDefaultLayout(help.commandSpec().options(), List.of(), help.colorScheme());
    layout.addAllOptions(shown, help.parameterLabelRenderer());
    return "%n%s%n%s".formatted(title, layout);
  }

  /** The official names are said once, below; -h and -V are no names of those. */
  private static OptionSpec underOneName(OptionSpec option) {
    if (option.shortestName().length() == 2) {
      return option;
    }
    return OptionSpec.builder(option).names(option.names()[0]).build();
  }
}
