package dev.longtake.transforms.sink;

import java.io.IOException;
import java.time.Instant;
import java.util.List;

/** Where and how progress is shown. For one thread at a time. */
interface ProgressOutput {
  /**
   * A video that runs, at a time.
   *
   * @param id its name, fit for a terminal
   * @param clips its clips
   * @param clipsDone how many of them are done
   * @param framesPerSecond the current speed; NaN while it is not known
   * @param secondsLeft the time until it is done; NaN while it is not known
   */
  record Status(String id, int clips, int clipsDone, double framesPerSecond, double secondsLeft) {}

  /**
   * Shows how things stand.
   *
   * @param news lines to leave standing, in order
   * @param running the videos that run, in the order in which they started
   * @param footer how the run stands as a whole
   */
  void show(List<String> news, List<Status> running, String footer, Instant now) throws IOException;

  /** Leaves {@code news} standing and nothing else: the run is over. */
  void finish(List<String> news) throws IOException;
}
