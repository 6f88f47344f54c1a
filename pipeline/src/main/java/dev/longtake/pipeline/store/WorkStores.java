package dev.longtake.pipeline.store;

import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Opens work stores, by the scheme of their URI. */
public final class WorkStores {
  private static final Pattern URI_SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/.*");

  private WorkStores() {}

  /**
   * Returns the store at a URI or, where {@code location} has no scheme, below a local directory.
   * Does not touch the storage.
   *
   * @throws IllegalArgumentException if the URI is malformed or nothing opens its scheme; the
   *     message names the schemes there are
   */
  public static WorkStore open(String location) {
    if (URI_SCHEME.matcher(location).matches()) {
      return open(URI.create(location));
    }
    return open(Path.of(location).toAbsolutePath().normalize().toUri());
  }

  /**
   * Returns the store at {@code root}. Does not touch the storage.
   *
   * @param root absolute
   * @throws IllegalArgumentException if nothing opens its scheme; the message names those there are
   */
  public static WorkStore open(URI root) {
    return open(
        root,
        ServiceLoader.load(WorkStoreProvider.class, WorkStoreProvider.class.getClassLoader()));
  }

  static WorkStore open(URI root, Iterable<WorkStoreProvider> onClassPath) {
    SortedMap<String, WorkStoreProvider> providers = byScheme(onClassPath);
    String scheme = root.getScheme() == null ? "" : root.getScheme().toLowerCase(Locale.ROOT);
    WorkStoreProvider provider = providers.get(scheme);
    if (provider == null) {
      throw new IllegalArgumentException(
          "No work store opens '%s'. On the class path are stores for: %s."
              .formatted(root, String.join(", ", providers.keySet())));
    }
    return provider.open(root.getPath().endsWith("/") ? root : URI.create(root + "/"));
  }

  private static SortedMap<String, WorkStoreProvider> byScheme(
      Iterable<WorkStoreProvider> onClassPath) {
    SortedMap<String, WorkStoreProvider> providers = new TreeMap<>();
    for (WorkStoreProvider added : onClassPath) {
      WorkStoreProvider present = providers.putIfAbsent(added.scheme(), added);
      if (present != null) {
        throw new IllegalArgumentException(
            "Two work stores open '%s:': %s and %s. Take the jar of one off the class path."
                .formatted(
                    added.scheme(), present.getClass().getName(), added.getClass().getName()));
      }
    }
    return providers;
  }
}
