package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How much room there is on standard output.
 *
 * @param columns 0 where nothing can be drawn in place
 * @param rows likewise
 */
record Terminal(int columns, int rows) {
  static final Terminal NONE = new Terminal(0, 0);

  private static final Pattern STTY_SIZE = Pattern.compile("(\\d{1,5}) (\\d{1,5})\\s*");

  // System.console() says something else in Java 22 than in 17. Standard error carries the answer,
  // because standard output is what is asked about.
  private static final String ASK = "test -t 1 && stty size <&1 >&2";

  /** Returns the terminal that this process writes to, or {@link #NONE}. */
  static Terminal ofThisProcess() {
    return of(System.getenv(), ask());
  }

  /**
   * Returns the terminal that an environment describes.
   *
   * @param environment its {@code COLUMNS} and {@code LINES} go before what {@code stty} says
   * @param sttySize what {@code stty size} says, empty if standard output is not a terminal
   */
  static Terminal of(Map<String, String> environment, String sttySize) {
    Matcher size = STTY_SIZE.matcher(sttySize);
    if (!size.matches() || environment.getOrDefault("TERM", "dumb").equals("dumb")) {
      return NONE;
    }
    int columns = count(environment.get("COLUMNS"), size.group(2));
    int rows = count(environment.get("LINES"), size.group(1));
    return columns == 0 || rows == 0 ? NONE : new Terminal(columns, rows);
  }

  private static int count(@Nullable String preferred, String otherwise) {
    return Integer.parseInt(
        preferred != null && preferred.matches("[1-9]\\d{0,4}") ? preferred : otherwise);
  }

  private static String ask() {
    try {
      Process process =
          new ProcessBuilder("sh", "-c", ASK).redirectOutput(Redirect.INHERIT).start();
      try (InputStream answer = process.getErrorStream()) {
        return new String(answer.readAllBytes(), US_ASCII);
      }
    } catch (IOException e) {
      return ""; // without a shell there is no terminal either
    }
  }
}
