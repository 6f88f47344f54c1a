package dev.longtake.templates;

import static java.util.stream.Collectors.toUnmodifiableMap;

import java.beans.Introspector;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.options.Validation;
import org.jspecify.annotations.Nullable;

/**
 * What an options interface says about one of its properties. Read by reflection, as Beam itself
 * reads it, so that the command line says nothing twice.
 *
 * @param name of the property: what stands after {@code --}
 * @param type of its values
 * @param description what it is for, its default included
 * @param defaultValue as one would write it; null if there is none, or it is worked out
 * @param required whether there must be a value
 */
record OptionProperty(
    String name,
    Class<?> type,
    String description,
    @Nullable String defaultValue,
    boolean required) {

  /** Returns the properties that {@code options} itself declares, by name. */
  static Map<String, OptionProperty> declaredBy(Class<? extends PipelineOptions> options) {
    return getters(options.getDeclaredMethods())
        .map(OptionProperty::of)
        .collect(toUnmodifiableMap(OptionProperty::name, Function.identity()));
  }

  /**
   * Returns the names of all properties that Beam reads, those of plugins on the class path too.
   */
  static Set<String> namesKnownToBeam() {
    Set<String> names = new TreeSet<>();
    for (Class<? extends PipelineOptions> options : PipelineOptionsFactory.getRegisteredOptions()) {
      getters(options.getMethods()).map(OptionProperty::nameOf).forEach(names::add);
    }
    return names;
  }

  private static Stream<Method> getters(Method[] methods) {
    return Arrays.stream(methods).filter(OptionProperty::isGetter);
  }

  /** Returns whether a method of an options interface reads a property. */
  static boolean isGetter(Method method) {
    return Modifier.isAbstract(method.getModifiers())
        && method.getParameterCount() == 0
        && method.getName().matches("(get|is)[A-Z].*");
  }

  /** Returns the name of the property that a getter reads. */
  static String nameOf(Method getter) {
    return Introspector.decapitalize(getter.getName().replaceFirst("^(get|is)", ""));
  }

  private static OptionProperty of(Method getter) {
    Description description = getter.getAnnotation(Description.class);
    String text = description == null ? "" : description.value();
    String defaultValue = defaultOf(getter);
    return new OptionProperty(
        nameOf(getter),
        getter.getReturnType(),
        defaultValue == null || defaultValue.isEmpty()
            ? text
            : text + " Default: " + defaultValue + ".",
        defaultValue,
        getter.isAnnotationPresent(Validation.Required.class));
  }

  private static @Nullable String defaultOf(Method getter) {
    Default.String text = getter.getAnnotation(Default.String.class);
    if (text != null) {
      return text.value();
    }
    Default.Integer integer = getter.getAnnotation(Default.Integer.class);
    if (integer != null) {
      return Integer.toString(integer.value());
    }
    Default.Long number = getter.getAnnotation(Default.Long.class);
    if (number != null) {
      return Long.toString(number.value());
    }
    Default.Boolean flag = getter.getAnnotation(Default.Boolean.class);
    return flag == null ? null : Boolean.toString(flag.value());
  }
}
