package dev.longtake.templates;

import dev.longtake.pipeline.options.LongtakeOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Looks at the files that options name, where they are this machine's. */
final class LocalFiles {
  private static final Pattern FILE_URI = Pattern.compile("(?i)file:.*");
  private static final Pattern URI_OF_OTHERS = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://.*");

  private static final String MANIFEST_SOURCE = "manifest";
  private static final String BUILT_IN_CHECKPOINT = "demo";

  private LocalFiles() {}

  /** Returns whether {@code --manifest} is a file: another source may read it otherwise. */
  static boolean hasManifestFile(LongtakeOptions options) {
    return options.getSource().equals(MANIFEST_SOURCE);
  }

  /**
   * Checks that the manifest can be read. One that is not a local file is left to whoever reads it.
   *
   * @throws IllegalArgumentException if it cannot
   */
  static void requireManifest(String manifest) {
    Path path = find("--manifest", manifest).orElse(null);
    if (path == null) {
      return;
    }
    if (Files.isDirectory(path)) {
      throw new IllegalArgumentException(
          "--manifest must name a file, but '%s' is a directory.".formatted(manifest));
    }
    if (!Files.exists(path)) {
      throw new IllegalArgumentException(
          "--manifest=%s: there is no such file%s."
              .formatted(manifest, path.isAbsolute() ? "" : " in " + Path.of("").toAbsolutePath()));
    }
    if (!Files.isReadable(path)) {
      throw new IllegalArgumentException(
          "--manifest=%s: the file may not be read.".formatted(manifest));
    }
  }

  /**
   * Makes the output directory, unless it is there or is not a local one.
   *
   * @throws IllegalArgumentException if it cannot be made, or written to
   */
  static void makeOutput(String output) {
    Path path = find("--output", output).orElse(null);
    if (path == null) {
      return;
    }
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new IllegalArgumentException(
          "--output must name a directory, but '%s' is a file.".formatted(output));
    }
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "--output=%s: the directory cannot be made (%s: %s)."
              .formatted(output, e.getClass().getSimpleName(), e.getMessage()),
          e);
    }
    if (!Files.isWritable(path)) {
      throw new IllegalArgumentException(
          "--output=%s: the directory may not be written to.".formatted(output));
    }
  }

  /** Makes local paths absolute, for workers that run in other directories than this process. */
  static void makeAbsolute(LongtakeOptions options) {
    options.setWorkDir(absolute("--workDir", options.getWorkDir())); // before what it depends on
    options.setOutput(absolute("--output", options.getOutput()));
    if (hasManifestFile(options)) {
      options.setManifest(absolute("--manifest", options.getManifest()));
    }
    if (!options.getCheckpoint().equals(BUILT_IN_CHECKPOINT)) {
      options.setCheckpoint(absolute("--checkpoint", options.getCheckpoint()));
    }
  }

  /** Makes an empty directory where this system keeps temporary files. */
  static Path scratch() {
    try {
      return Files.createTempDirectory("longtake-run-");
    } catch (IOException e) {
      throw new UncheckedIOException("No temporary directory can be made: " + e.getMessage(), e);
    }
  }

  /** Deletes a directory and all that is in it. */
  static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be deleted".formatted(directory), e);
    }
  }

  private static String absolute(String option, String location) {
    return find(option, location)
        .filter(path -> !FILE_URI.matcher(location).matches())
        .map(path -> path.toAbsolutePath().toString())
        .orElse(location);
  }

  private static Optional<Path> find(String option, String location) {
    try {
      if (FILE_URI.matcher(location).matches()) {
        return Optional.of(Path.of(URI.create(location)));
      }
      return URI_OF_OTHERS.matcher(location).matches()
          ? Optional.empty()
          : Optional.of(Path.of(location));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s=%s is neither a path nor a URI: %s".formatted(option, location, e.getMessage()), e);
    }
  }
}
