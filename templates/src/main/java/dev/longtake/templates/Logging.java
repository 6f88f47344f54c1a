package dev.longtake.templates;

import java.util.List;

/**
 * How much is logged: warnings, unless {@code --verbose} is there. What is not said here is in
 * {@code simplelogger.properties}.
 */
final class Logging {
  /** The option that asks for more. */
  static final String VERBOSE = "--verbose";

  private static final String LEVEL = "org.slf4j.simpleLogger.defaultLogLevel";
  private static final String BEAM_LEVEL = "org.slf4j.simpleLogger.log.org.apache.beam";

  private Logging() {}

  /**
   * Sets the level that {@code arguments} ask for; in time only before the first logger is made.
   */
  static void configure(String... arguments) {
    if (List.of(arguments).contains(VERBOSE)) {
      System.setProperty(LEVEL, "info");
      System.setProperty(BEAM_LEVEL, "warn");
    }
  }

  /** Returns whether more than warnings is logged. */
  static boolean isVerbose() {
    return System.getProperty(LEVEL) != null;
  }
}
