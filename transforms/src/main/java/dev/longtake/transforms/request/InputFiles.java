package dev.longtake.transforms.request;

import dev.longtake.pipeline.store.RemoteFiles;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Opens inputs, wherever they are: local paths and {@code file:} URIs here, all others as {@link
 * RemoteFiles} does. A name is never taken for a pattern.
 */
public final class InputFiles {
  private static final Pattern URI_SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/.*");

  private InputFiles() {}

  /**
   * Opens a file.
   *
   * @return to be closed by the caller
   * @throws NoSuchFileException if there is none
   */
  public static InputStream open(String location) throws IOException {
    if (isLocal(location)) {
      return Files.newInputStream(path(location));
    }
    return RemoteFiles.open(location);
  }

  /**
   * Returns a local file with an input's content.
   *
   * @param copy where to, if the input is not local
   * @throws NoSuchFileException if there is no such input
   */
  public static Path local(String location, Path copy) throws IOException {
    if (!isLocal(location)) {
      try (InputStream content = open(location)) {
        Files.copy(content, copy);
      }
      return copy;
    }
    Path file = path(location);
    if (!Files.exists(file)) {
      throw new NoSuchFileException(location);
    }
    return file;
  }

  private static boolean isLocal(String location) {
    return location.startsWith("file:") || !URI_SCHEME.matcher(location).matches();
  }

  private static Path path(String location) {
    return location.startsWith("file:") ? Path.of(URI.create(location)) : Path.of(location);
  }
}
