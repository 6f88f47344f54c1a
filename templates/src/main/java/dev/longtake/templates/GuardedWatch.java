package dev.longtake.templates;

import dev.longtake.pipeline.spi.RunWatch;
import java.io.PrintStream;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A {@link RunWatch} that is closed even where SIGINT or SIGTERM ends the process: the terminal is
 * left clean, one line says how to go on, and the process exits with 130. Native code that is still
 * computing is not waited for.
 */
final class GuardedWatch implements RunWatch {
  static final String INTERRUPTED =
      "interrupted; finished takes are kept: run the same command again to go on";

  private static final int EXIT_CODE = 130; // what a shell reports for SIGINT
  private static final long CLEANING_MILLIS = 2_000; // a terminal that is stopped takes nothing

  private final PrintStream err;
  private final @Nullable HeldErrors held;
  private final Thread hook = new Thread(this::interrupted, "longtake-interrupted");
  private RunWatch watch = RunWatch.NONE;
  private boolean closed;

  private GuardedWatch(PrintStream err, @Nullable HeldErrors held) {
    this.err = err;
    this.held = held;
  }

  /**
   * Begins to follow a run.
   *
   * @param opening opens what is guarded
   * @param holdsErrors whether standard error is held back until the watch is closed
   */
  static GuardedWatch open(Supplier<RunWatch> opening, boolean holdsErrors) {
    PrintStream err = System.err;
    GuardedWatch guarded = new GuardedWatch(err, holdsErrors ? HeldErrors.hold() : null);
    boolean opened = false;
    try {
      Runtime.getRuntime().addShutdownHook(guarded.hook);
      guarded.guard(opening.get());
      opened = true;
      return guarded;
    } finally {
      if (!opened) {
        guarded.close();
      }
    }
  }

  private synchronized void guard(RunWatch opened) {
    watch = opened;
    if (closed) {
      opened.close(); // interrupted while it was being opened
    }
  }

  @Override
  public void finished() {
    watch.finished();
  }

  @Override
  public void close() {
    closeOnce();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending: the hook runs, and has the last word.
    }
  }

  private synchronized void closeOnce() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      watch.close();
    } finally {
      if (held != null) {
        held.close();
      }
    }
  }

  private void interrupted() {
    Thread cleaning = new Thread(this::clean, "longtake-cleaning");
    cleaning.setDaemon(true);
    cleaning.start();
    try {
      cleaning.join(CLEANING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // only the waiting ends early
    }
    Runtime.getRuntime().halt(EXIT_CODE); // exiting would give 143 for SIGTERM
  }

  private void clean() {
    try {
      closeOnce();
    } finally {
      err.println("longtake: " + INTERRUPTED);
      err.flush();
    }
  }
}
