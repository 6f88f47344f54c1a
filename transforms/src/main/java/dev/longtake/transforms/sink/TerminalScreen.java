package dev.longtake.transforms.sink;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Progress at the foot of a terminal: redrawn in place, while finished lines scroll up.
 *
 * <p>ASCII but for the ids, because a terminal's encoding is not always UTF-8.
 */
final class TerminalScreen implements ProgressOutput {
  private static final String UP = "\u001b[%dA";
  private static final String CLEAR_LINE_END = "\u001b[K";
  private static final String CLEAR_BELOW = "\u001b[J";
  private static final String NO_WRAP = "\u001b[?7l"; // a line too long would shift all below it
  private static final String WRAP = "\u001b[?7h";

  private static final int BAR = 20;
  private static final int MIN_ID = 8;
  private static final int MAX_ID = 32;
  private static final int NUMBERS = 45; // columns of what stands after the bar

  private final Appendable out;
  private final int columns;
  private final int rows;
  private List<String> drawn = List.of();

  /**
   * @param columns the terminal's width
   * @param rows its height
   */
  TerminalScreen(Appendable out, int columns, int rows) {
    this.out = out;
    this.columns = columns;
    this.rows = rows;
  }

  @Override
  public void show(List<String> news, List<Status> running, String footer, Instant now)
      throws IOException {
    List<String> lines = new ArrayList<>();
    int room = Math.max(1, rows - 3); // for the footer, the rest, and the cursor
    int idColumns = idColumns(running);
    running.stream().limit(room).forEach(status -> lines.add(line(status, idColumns)));
    if (running.size() > room) {
      lines.add("  and %d more".formatted(running.size() - room));
    }
    lines.add(TerminalText.cut(footer, columns - 1));
    if (!news.isEmpty() || !lines.equals(drawn)) {
      draw(news, lines);
    }
  }

  @Override
  public void finish(List<String> news) throws IOException {
    draw(news, List.of());
  }

  private void draw(List<String> news, List<String> lines) throws IOException {
    StringBuilder text = new StringBuilder();
    if (!drawn.isEmpty()) {
      text.append(UP.formatted(drawn.size())).append('\r');
    }
    // News may wrap: it stands where nothing is drawn over it any more.
    news.forEach(line -> text.append(line).append(CLEAR_LINE_END).append('\n'));
    text.append(NO_WRAP);
    lines.forEach(line -> text.append(line).append(CLEAR_LINE_END).append('\n'));
    text.append(WRAP).append(CLEAR_BELOW);
    drawn = lines;
    out.append(text);
  }

  private int idColumns(List<Status> running) {
    int longest =
        running.stream().mapToInt(status -> TerminalText.columns(status.id())).max().orElse(0);
    int room = Math.max(MIN_ID, columns - NUMBERS - BAR);
    return Math.min(Math.max(MIN_ID, longest), Math.min(MAX_ID, room));
  }

  private String line(Status status, int idColumns) {
    String clips = "%d/%d clips".formatted(status.clipsDone(), status.clips());
    String speed =
        Double.isFinite(status.framesPerSecond())
            ? Quantity.rate(status.framesPerSecond()) + " fps"
            : "";
    String left =
        Double.isFinite(status.secondsLeft()) ? "ETA " + Quantity.clock(status.secondsLeft()) : "";
    String line =
        "%s [%s] %15s %10s  %s"
            .formatted(TerminalText.fit(status.id(), idColumns), bar(status), clips, speed, left);
    return TerminalText.cut(line.stripTrailing(), columns - 1);
  }

  private static String bar(Status status) {
    int full = status.clips() == 0 ? 0 : (int) ((long) BAR * status.clipsDone() / status.clips());
    return "#".repeat(full) + ".".repeat(BAR - full);
  }
}
