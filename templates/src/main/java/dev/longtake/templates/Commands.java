package dev.longtake.templates;

import java.util.List;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * Finds the commands there are: services of type {@link Callable} that carry {@link Command}. The
 * annotation tells them from other people's services of that type.
 */
final class Commands {
  private Commands() {}

  /** Returns a new instance of every command on the class path, in no particular order. */
  @SuppressWarnings("rawtypes") // a service type has no type arguments
  static List<Callable<?>> onClassPath() {
    return ServiceLoader.load(Callable.class, Commands.class.getClassLoader()).stream()
        .filter(provider -> provider.type().isAnnotationPresent(Command.class))
        .<Callable<?>>map(ServiceLoader.Provider::get)
        .toList();
  }

  /**
   * Returns {@code commands} by their names.
   *
   * @throws IllegalArgumentException if two have the same name; the message names both classes
   */
  static SortedMap<String, CommandLine> byName(List<? extends Callable<?>> commands) {
    SortedMap<String, CommandLine> byName = new TreeMap<>();
    for (Callable<?> command : commands) {
      CommandLine added = new CommandLine(command);
      CommandLine present = byName.putIfAbsent(added.getCommandName(), added);
      if (present != null) {
        throw new IllegalArgumentException(
            "Two commands are named '%s': %s and %s. Take the jar of one off the class path."
                .formatted(
                    added.getCommandName(),
                    present.getCommand().getClass().getName(),
                    command.getClass().getName()));
      }
    }
    return byName;
  }
}
