package dev.longtake.transforms.sink;

import dev.longtake.pipeline.spi.Console;
import dev.longtake.pipeline.spi.RunWatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;

/** Shows a run's progress on a console, and at its end the summary. */
public final class RunFollower implements RunWatch {
  private static final Duration TERMINAL_PERIOD = Duration.ofMillis(200);
  private static final Duration LOG_PERIOD = Duration.ofSeconds(1);
  private static final Duration BETWEEN_LOG_LINES = Duration.ofSeconds(10);
  private static final int FEWEST_COLUMNS = 20;
  private static final int FEWEST_ROWS = 4;

  private final ProgressView view;
  private final ProgressTicker ticker;
  private final MemorySampler memory;
  private final FollowedRun run;
  private boolean closed;

  private RunFollower(
      ProgressView view, ProgressTicker ticker, MemorySampler memory, FollowedRun run) {
    this.view = view;
    this.ticker = ticker;
    this.memory = memory;
    this.run = run;
  }

  /**
   * Begins to follow a run.
   *
   * @param runId names the run within this process
   * @param firstLine what is said first
   */
  public static RunFollower start(String runId, Console console, String firstLine) {
    boolean isTerminal = console.columns() >= FEWEST_COLUMNS && console.rows() >= FEWEST_ROWS;
    InstantSource clock = InstantSource.system();
    FlushedText out = new FlushedText(console.out());
    ProgressView view =
        isTerminal
            ? ProgressView.onTerminal(out, clock, console.columns(), console.rows())
            : ProgressView.asLog(out, clock, BETWEEN_LOG_LINES);
    view.message(firstLine);
    try {
      MemorySampler memory = MemorySampler.start();
      FollowedRun run = FollowedRun.start(runId, console, view, memory);
      ProgressTicker ticker = ProgressTicker.start(view, isTerminal ? TERMINAL_PERIOD : LOG_PERIOD);
      return new RunFollower(view, ticker, memory, run);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    ticker.close();
    memory.close();
    run.forget();
    try {
      view.close();
    } catch (IOException e) {
      throw new UncheckedIOException("progress cannot be shown any more", e);
    }
  }
}
