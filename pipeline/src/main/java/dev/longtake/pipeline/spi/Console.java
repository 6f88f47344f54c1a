package dev.longtake.pipeline.spi;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import java.io.PrintWriter;

/**
 * Where people read what a program says.
 *
 * @param out the text
 * @param columns width of the terminal; 0 if it is none, but a file or a pipe
 * @param rows height of the terminal, likewise
 * @param commandLine what was typed
 * @param version of the program
 */
public record Console(PrintWriter out, int columns, int rows, String commandLine, String version) {
  /** Checks the values. */
  public Console {
    requireNonNull(out, "out");
    requireNonNull(commandLine, "commandLine");
    requireNonNull(version, "version");
    checkArgument(
        columns >= 0 && rows >= 0, "no such terminal: %s columns and %s rows", columns, rows);
  }

  /** Returns whether lines can be drawn again. */
  public boolean isTerminal() {
    return columns > 0 && rows > 0;
  }
}
