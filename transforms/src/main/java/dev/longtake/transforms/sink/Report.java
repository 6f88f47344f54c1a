package dev.longtake.transforms.sink;

import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * {@code report.html}: what went wrong, what was made, how fast, and what it looks like.
 *
 * <p>One file without scripts and without anything to load, light or dark as its reader likes. All
 * text in it is escaped, whatever ids and messages hold.
 *
 * <p>Written as it goes along: one contact sheet is in memory at a time.
 */
public final class Report {
  /** The file's name in the output directory. */
  public static final String NAME = "report.html";

  private static final String STYLE = "report.css";

  private Report() {}

  /** Finds the contact sheets. */
  @FunctionalInterface
  public interface SheetSource {
    /**
     * Returns the contact sheet of a video as a PNG or JPEG file; empty when there is none. Called
     * once per video, in their order, when its turn has come.
     *
     * @throws IOException if there is one that cannot be read
     */
    Optional<byte[]> sheet(String id) throws IOException;
  }

  /**
   * Writes the report to {@code out}, which stays open and must end up as UTF-8.
   *
   * @throws IllegalArgumentException if a sheet is neither PNG nor JPEG
   * @throws IOException if it cannot be written or a sheet cannot be read
   */
  public static void write(Writer out, ReportModel model, SheetSource sheets) throws IOException {
    out.write(head(model));
    out.write(ReportOverview.of(model));
    List<ReportModel.Video> videos = model.videos();
    for (int i = 0; i < videos.size(); i++) {
      ReportModel.Video video = videos.get(i);
      Optional<byte[]> sheet = sheets.sheet(video.video().getId());
      out.write(VideoSection.of(model.run(), video, i, sheet));
    }
    out.write("</main>\n</body>\n</html>\n");
  }

  private static String head(ReportModel model) throws IOException {
    int failures = model.failures().size();
    String title =
        Quantity.count(model.videos().size(), "video")
            + (failures == 0 ? "" : ", " + failures + " failed");
    // The policy makes the reader's browser keep the promise of loading and running nothing.
    return """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" \
    content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Longtake: %s</title>
    <style>
    %s</style>
    </head>
    <body>
    <main>
    """
        .formatted(Html.escape(title), style());
  }

  private static String style() throws IOException {
    try (InputStream in = Report.class.getResourceAsStream(STYLE)) {
      if (in == null) {
        throw new IOException("%s is not in the jar beside %s".formatted(STYLE, Report.class));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
