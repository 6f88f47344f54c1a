package dev.longtake.transforms.sink;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Progress as a log: a line per running video now and then, and none when nothing has changed. */
final class PlainLog implements ProgressOutput {
  private final Appendable out;
  private final Duration every;
  private final Map<String, Logged> logged = new HashMap<>();

  /** What was last said of a video, and when. */
  private record Logged(Instant time, int clipsDone) {}

  /**
   * @param every the least time between two lines on one video
   */
  PlainLog(Appendable out, Duration every) {
    this.out = out;
    this.every = every;
  }

  @Override
  public void show(List<String> news, List<Status> running, String footer, Instant now)
      throws IOException {
    StringBuilder text = new StringBuilder();
    news.forEach(line -> text.append(line).append('\n'));
    Set<String> ids = new HashSet<>();
    for (Status status : running) {
      ids.add(status.id());
      if (isDue(status, now)) {
        text.append(describe(status)).append('\n');
        logged.put(status.id(), new Logged(now, status.clipsDone()));
      }
    }
    logged.keySet().retainAll(ids);
    out.append(text);
  }

  @Override
  public void finish(List<String> news) throws IOException {
    for (String line : news) {
      out.append(line).append('\n');
    }
  }

  private boolean isDue(Status status, Instant now) {
    Logged last = logged.putIfAbsent(status.id(), new Logged(now, 0)); // "started" is in the news
    return last != null
        && status.clipsDone() > last.clipsDone
        && Duration.between(last.time, now).compareTo(every) >= 0;
  }

  private static String describe(Status status) {
    String text =
        "%s: %d/%s"
            .formatted(status.id(), status.clipsDone(), Quantity.count(status.clips(), "clip"));
    if (Double.isFinite(status.framesPerSecond())) {
      text += ", %s fps".formatted(Quantity.rate(status.framesPerSecond()));
    }
    if (Double.isFinite(status.secondsLeft())) {
      text += ", ETA %s".formatted(Quantity.clock(status.secondsLeft()));
    }
    return text;
  }
}
