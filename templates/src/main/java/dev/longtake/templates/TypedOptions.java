package dev.longtake.templates;

import com.google.common.base.Splitter;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.options.WorkDirBesideOutput;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@link LongtakeOptions} as they were typed, to be read only. Beam's own can do more, but take
 * seconds to make, because Beam looks for those of everything on the class path.
 */
final class TypedOptions implements InvocationHandler {
  private final Map<String, String> values;

  private TypedOptions(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Returns options with these values, and the usual ones for others.
   *
   * @throws IllegalArgumentException if the built-in checkpoint is meant and not there
   */
  static LongtakeOptions of(Map<String, String> typed) {
    Map<String, String> values = new LinkedHashMap<>();
    OptionProperty.declaredBy(LongtakeOptions.class)
        .forEach(
            (name, property) -> {
              String value = typed.getOrDefault(name, property.defaultValue());
              if (value != null) {
                values.put(name, value);
              }
            });
    values.computeIfPresent("checkpoint", (name, directory) -> BuiltIn.checkpoint(directory));
    LongtakeOptions options =
        (LongtakeOptions)
            Proxy.newProxyInstance(
                LongtakeOptions.class.getClassLoader(),
                new Class<?>[] {LongtakeOptions.class},
                new TypedOptions(values));
    values.computeIfAbsent("workDir", name -> new WorkDirBesideOutput().create(options));
    return options;
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) {
    if (method.getName().equals("as") && arguments != null && arguments[0] instanceof Class<?> c) {
      if (c.isInstance(proxy)) {
        return proxy;
      }
      throw new UnsupportedOperationException("these options are no " + c.getSimpleName());
    }
    if (!OptionProperty.isGetter(method)) {
      throw new UnsupportedOperationException(method + " of options that can only be read");
    }
    return value(method.getReturnType(), values.get(OptionProperty.nameOf(method)));
  }

  private static @Nullable Object value(Class<?> type, @Nullable String value) {
    if (type == boolean.class) {
      return Boolean.parseBoolean(value);
    }
    if (value == null || type == String.class) {
      return value;
    }
    if (type == List.class) {
      return Splitter.on(',').splitToList(value);
    }
    return type == Long.class || type == long.class
        ? Long.valueOf(value)
        : (Object) Integer.valueOf(value);
  }
}
