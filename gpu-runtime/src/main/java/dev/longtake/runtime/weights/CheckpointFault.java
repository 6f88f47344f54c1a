package dev.longtake.runtime.weights;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Words INVALID_CHECKPOINT failures; every method returns one to throw. */
final class CheckpointFault {
  private static final int QUOTED_CHARACTERS = 120;
  private static final int LISTED_FILES = 20;
  private static final int SUGGESTIONS = 3;

  private CheckpointFault() {}

  /** Returns a failure with this message. */
  static LongtakeException of(String message) {
    return new LongtakeException(ErrorCode.INVALID_CHECKPOINT, message);
  }

  /** Returns a failure with this message that another one led to. */
  static LongtakeException of(String message, Throwable cause) {
    return new LongtakeException(ErrorCode.INVALID_CHECKPOINT, message, cause);
  }

  /** Returns the failure of reading a file. */
  static LongtakeException unreadable(Path file, IOException cause) {
    return of(
        "%s cannot be read: %s. Check that it exists, is complete, and may be read."
            .formatted(file, cause),
        cause);
  }

  /** Returns the failure of looking for files of which one must be in a directory. */
  static LongtakeException missing(Path directory, String wanted) {
    String found =
        Files.isDirectory(directory)
            ? "%s holds %s".formatted(directory, listing(directory))
            : "there is no directory %s".formatted(directory);
    return of(
        ("%s was looked for in %s, but %s. Is the download complete, and is this the "
                + "right directory?")
            .formatted(wanted, directory, found));
  }

  /** Returns the failure of asking for a tensor that is not there. */
  static LongtakeException noSuchTensor(String name, Set<String> names, String files) {
    List<String> close =
        names.stream()
            .filter(candidate -> Math.abs(candidate.length() - name.length()) <= name.length())
            .sorted(
                Comparator.<String>comparingInt(candidate -> EditDistance.of(name, candidate))
                    .thenComparing(Comparator.naturalOrder()))
            .limit(SUGGESTIONS)
            .map(CheckpointFault::quote)
            .toList();
    String hint =
        close.isEmpty()
            ? "there is no tensor with a name like it"
            : "the closest names are %s".formatted(String.join(", ", close));
    return of(
        ("%s is not among the %d tensors of %s; %s. Do the configuration and the "
                + "files belong together, and is no file missing?")
            .formatted(name, names.size(), files, hint));
  }

  /**
   * Returns text out of a file in a form fit for a message: in quotes, without control characters,
   * and not longer than a line.
   */
  static String quote(String text) {
    StringBuilder quoted = new StringBuilder("'");
    for (int i = 0; i < Math.min(text.length(), QUOTED_CHARACTERS); i++) {
      char character = text.charAt(i);
      quoted.append(Character.isISOControl(character) ? '?' : character);
    }
    return quoted.append(text.length() > QUOTED_CHARACTERS ? "…'" : "'").toString();
  }

  private static String listing(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      List<String> names =
          files
              .map(file -> file.getFileName().toString())
              .sorted()
              .limit(LISTED_FILES + 1)
              .toList();
      if (names.isEmpty()) {
        return "nothing";
      }
      String listed = names.stream().limit(LISTED_FILES).collect(Collectors.joining(", "));
      return names.size() > LISTED_FILES ? listed + ", …" : listed;
    } catch (IOException e) {
      return "files that cannot be listed (%s)".formatted(e);
    }
  }
}
