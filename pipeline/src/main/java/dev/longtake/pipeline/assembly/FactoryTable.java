package dev.longtake.pipeline.assembly;

import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The factories of one kind, by name.
 *
 * @param <F> their type
 */
final class FactoryTable<F> {
  private static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

  private final String kind;
  private final Function<F, String> nameOf;
  private final SortedMap<String, F> factories = new TreeMap<>();

  /**
   * @param kind what messages call such a factory, for example {@code "renderer"}
   * @param nameOf gives a factory's name
   */
  FactoryTable(String kind, Function<F, String> nameOf) {
    this.kind = kind;
    this.nameOf = nameOf;
  }

  /**
   * Adds factories.
   *
   * @throws IllegalArgumentException if a name is malformed or taken; the message names the classes
   */
  void addAll(Collection<? extends F> added) {
    added.forEach(this::add);
  }

  private void add(F added) {
    String name = nameOf.apply(added);
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "The name of a %s must be lowercase words joined by dashes, but %s is named '%s'."
              .formatted(kind, added.getClass().getName(), name));
    }
    F present = factories.putIfAbsent(name, added);
    if (present != null) {
      throw new IllegalArgumentException(
          "Two %ss are named '%s': %s and %s. Take the jar of one off the class path."
              .formatted(kind, name, present.getClass().getName(), added.getClass().getName()));
    }
  }

  /**
   * Returns the factory with a name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  F get(String name) {
    F factory = factories.get(name);
    if (factory == null) {
      throw new IllegalArgumentException(
          "No %s is named '%s'. On the class path: %s. Does the jar merge META-INF/services?"
              .formatted(kind, name, factories.keySet()));
    }
    return factory;
  }
}
