package dev.longtake.transforms.sink;

import dev.longtake.pipeline.spi.Console;
import dev.longtake.pipeline.spi.RunWatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;

/** Shows a run's progress on a console, and at its end the summary. */
public final class RunFollower implements RunWatch {
  private static final Duration TERMINAL_PERIOD = Duration.ofMillis(200);
  private static final Duration LOG_PERIOD = Duration.ofSeconds(1);
  private static final Duration BETWEEN_LOG_LINES = Duration.ofSeconds(10);
  private static final int FEWEST_COLUMNS = 20;
  private static final int FEWEST_ROWS = 4;

  private final ProgressView view;
  private final SteadyTask ticker;
  private final MemorySampler memory;
  private final UsageMonitor usage;
  private final FollowedRun run;
  private boolean closed;

  private RunFollower(
      ProgressView view,
      SteadyTask ticker,
      MemorySampler memory,
      UsageMonitor usage,
      FollowedRun run) {
    this.view = view;
    this.ticker = ticker;
    this.memory = memory;
    this.usage = usage;
    this.run = run;
  }

  /**
   * Begins to follow a run.
   *
   * @param runId names the run within this process
   * @param firstLine what is said first
   * @param devices returns how this process's devices are used
   * @param output directory for what is written down of that, no trailing slash
   */
  public static RunFollower start(
      String runId,
      Console console,
      String firstLine,
      Supplier<List<DeviceReading>> devices,
      String output) {
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
      UsageMonitor usage = UsageMonitor.start(devices, output);
      FollowedRun run = FollowedRun.start(runId, console, view, memory, usage);
      // A terminal or log that can no longer be written to is left alone: the rendering goes on.
      SteadyTask ticker =
          SteadyTask.start(
              "longtake-progress", isTerminal ? TERMINAL_PERIOD : LOG_PERIOD, view::draw);
      return new RunFollower(view, ticker, memory, usage, run);
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
    usage.close();
    run.forget();
    try {
      view.close();
    } catch (IOException e) {
      throw new UncheckedIOException("progress cannot be shown any more", e);
    }
  }
}
