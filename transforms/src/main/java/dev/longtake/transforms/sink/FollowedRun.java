package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkState;
import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.spi.Console;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A run that somebody follows in this process. Transforms that happen to work in the same process
 * find it by the run's id; elsewhere there is none, and nothing is shown.
 */
public final class FollowedRun {
  // The only way from a serialized transform to the process that shows its progress.
  private static final Map<String, FollowedRun> RUNS = new ConcurrentHashMap<>();

  private final String id;
  private final Console console;
  private final ProgressView view;
  private final MemorySampler memory;
  private final UsageMonitor usage;
  private final Instant started = Instant.now();

  private FollowedRun(
      String id, Console console, ProgressView view, MemorySampler memory, UsageMonitor usage) {
    this.id = id;
    this.console = console;
    this.view = view;
    this.memory = memory;
    this.usage = usage;
  }

  /** Begins to follow a run; {@link #forget} must follow. */
  static FollowedRun start(
      String id, Console console, ProgressView view, MemorySampler memory, UsageMonitor usage) {
    FollowedRun run =
        new FollowedRun(
            requireNonNull(id, "id"),
            requireNonNull(console, "console"),
            requireNonNull(view, "view"),
            requireNonNull(memory, "memory"),
            requireNonNull(usage, "usage"));
    checkState(RUNS.putIfAbsent(id, run) == null, "run '%s' is followed already", id);
    return run;
  }

  /** Returns the run with an id, if it is followed in this process. */
  static Optional<FollowedRun> find(String id) {
    return Optional.ofNullable(RUNS.get(id));
  }

  /** Returns where the progress of a run is shown, if that is in this process. */
  public static Optional<ProgressView> progress(String id) {
    return find(id).map(run -> run.view);
  }

  void forget() {
    RUNS.remove(id);
  }

  Console console() {
    return console;
  }

  Instant started() {
    return started;
  }

  List<MemorySample> memory() {
    return memory.samples();
  }

  List<UsageSample> usage() {
    return usage.samples();
  }
}
