package dev.longtake.templates;

import java.nio.file.Files;
import java.nio.file.Path;

/** What comes with the program: it lies beside the launcher, which says where that is. */
final class BuiltIn {
  private static final String DEMO = "demo";
  private static final String HOME = "longtake.home";

  private BuiltIn() {}

  /**
   * Returns the directory of a checkpoint that may be the built-in one. Without the launcher
   * nothing is built in, and the name is a directory's like any other.
   *
   * @throws IllegalArgumentException if the built-in one is meant and not there
   */
  static String checkpoint(String checkpoint) {
    String home = System.getProperty(HOME);
    if (!checkpoint.equals(DEMO) || home == null) {
      return checkpoint;
    }
    Path demo = Path.of(home, "examples", "demo", "checkpoint");
    if (!Files.isDirectory(demo)) {
      throw new IllegalArgumentException(
          "The demo checkpoint should be in %s, but is not. Name one with --checkpoint."
              .formatted(demo));
    }
    return demo.toString();
  }
}
