package dev.longtake.runtime.cuda;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds NVIDIA's libraries, in this order: a directory that was given; what the loader finds by
 * name; a CUDA toolkit below {@code /usr/local}, the newest first; the distribution's folder; and
 * Python packages below {@code /usr} and {@code /opt}. Newer major versions come before older ones
 * within each.
 */
public final class NativeLibraries {
  private static final Logger LOG = LoggerFactory.getLogger(NativeLibraries.class);

  /** Libraries that the log has been told of: every engine loads the same ones again. */
  private static final Set<String> LOGGED = ConcurrentHashMap.newKeySet();

  /** Folders below the root that may hold libraries; {@code *} stands for any one name. */
  private static final List<String> INSTALLED =
      List.of(
          "usr/local/cuda*/targets/x86_64-linux/lib",
          "usr/local/cuda*/lib64",
          "usr/lib/x86_64-linux-gnu",
          "usr/local/lib/python3*/*-packages/nvidia/*/lib",
          "opt/*/lib/python3*/site-packages/nvidia/*/lib",
          "opt/*/.venv/lib/python3*/site-packages/nvidia/*/lib");

  private final @Nullable Path directory;
  private final Path root;

  /**
   * Creates a search.
   *
   * @param directory looked into before anything else, or null for none
   */
  public NativeLibraries(@Nullable Path directory) {
    this(directory, Path.of("/"));
  }

  /** Creates a search below another root, for tests. */
  NativeLibraries(@Nullable Path directory, Path root) {
    this.directory = directory;
    this.root = root;
  }

  /**
   * Loads a library.
   *
   * @param api its functions
   * @param files its file names, the newest version first
   * @param advice what to install if there is none
   * @throws LongtakeException DEVICE_UNAVAILABLE if none can be loaded; lists what was tried
   */
  <T extends Library> T load(Class<T> api, List<String> files, String advice) {
    List<String> failures = new ArrayList<>();
    for (String candidate : candidates(files)) {
      try {
        T library = Native.load(candidate, api);
        logOnce(NativeLibrary.getInstance(candidate));
        return library;
      } catch (UnsatisfiedLinkError e) {
        failures.add(candidate);
      }
    }
    throw new LongtakeException(
        ErrorCode.DEVICE_UNAVAILABLE,
        "None of these could be loaded: %s. %s, or name the directory that holds it."
            .formatted(String.join(", ", failures), advice));
  }

  private static void logOnce(NativeLibrary library) {
    if (LOGGED.add(library.getFile().getPath())) {
      LOG.info("Loaded {}", library.getFile());
    }
  }

  /** Loads a library that another one looks for by its name, if there is one; else does nothing. */
  void preload(List<String> files) {
    for (String candidate : candidates(files)) {
      try {
        LOG.debug("Loaded {}", NativeLibrary.getInstance(candidate).getFile());
        return;
      } catch (UnsatisfiedLinkError e) {
        LOG.debug("Not found: {}", candidate);
      }
    }
  }

  /** Returns what to try, in order: absolute paths of files that exist, and names. */
  List<String> candidates(List<String> files) {
    List<String> candidates = new ArrayList<>();
    if (directory != null) {
      addExisting(directory, files, candidates);
    }
    candidates.addAll(files);
    for (String pattern : INSTALLED) {
      for (Path folder : matching(root, List.of(pattern.split("/")))) {
        addExisting(folder, files, candidates);
      }
    }
    return candidates;
  }

  private static void addExisting(Path folder, List<String> files, List<String> candidates) {
    for (String file : files) {
      Path path = folder.resolve(file);
      if (Files.exists(path)) {
        candidates.add(path.toAbsolutePath().toString());
      }
    }
  }

  private static List<Path> matching(Path folder, List<String> names) {
    if (names.isEmpty()) {
      return List.of(folder);
    }
    List<Path> found = new ArrayList<>();
    for (Path next : children(folder, names.get(0))) {
      found.addAll(matching(next, names.subList(1, names.size())));
    }
    return found;
  }

  /** Returns the folders of one name, the greatest first, so that the newest toolkit wins. */
  private static List<Path> children(Path folder, String name) {
    if (!name.contains("*")) {
      Path child = folder.resolve(name);
      return Files.isDirectory(child) ? List.of(child) : List.of();
    }
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, name)) {
      for (Path child : stream) {
        if (Files.isDirectory(child)) {
          found.add(child);
        }
      }
    } catch (IOException e) {
      return List.of(); // a folder that is missing or forbidden holds no library
    }
    found.sort(Comparator.reverseOrder());
    return found;
  }
}
