package dev.longtake.templates;

import java.util.Arrays;
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

  /**
   * Returns a new instance of every command on the class path, in no particular order; if {@code
   * arguments} name one, of that alone, because the others' options take time to find.
   */
  @SuppressWarnings("rawtypes") // a service type has no type arguments
  static List<Callable<?>> onClassPath(String... arguments) {
    String named =
        Arrays.stream(arguments).filter(word -> !word.startsWith("-")).findFirst().orElse("");
    List<ServiceLoader.Provider<Callable>> all =
        ServiceLoader.load(Callable.class, Commands.class.getClassLoader()).stream()
            .filter(provider -> provider.type().isAnnotationPresent(Command.class))
            .toList();
    List<ServiceLoader.Provider<Callable>> wanted =
        all.stream().filter(provider -> nameOf(provider).equals(named)).toList();
    return (wanted.isEmpty() ? all : wanted)
        .stream().<Callable<?>>map(ServiceLoader.Provider::get).toList();
  }

  @SuppressWarnings("rawtypes") // likewise
  private static String nameOf(ServiceLoader.Provider<Callable> provider) {
    return provider.type().getAnnotation(Command.class).name();
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
