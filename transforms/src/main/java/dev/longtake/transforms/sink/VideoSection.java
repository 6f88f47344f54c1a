package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.transforms.sink.ReportModel.Clip;
import dev.longtake.transforms.sink.ReportModel.Video;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Writes the report's section on one video: facts, contact sheet, clips. */
final class VideoSection {
  private static final int[] PNG = {0x89, 'P', 'N', 'G'};
  private static final int[] JPEG = {0xff, 0xd8, 0xff};

  private VideoSection() {}

  /** Returns the name by which the list of videos links to the section. */
  static String anchor(int index) {
    return "video-" + (index + 1);
  }

  /**
   * Returns the section.
   *
   * @param index the video's position in the report, from 0
   * @param sheet its contact sheet, PNG or JPEG
   */
  static String of(ReportModel.Run run, Video video, int index, Optional<byte[]> sheet) {
    RenderedVideo result = video.video();
    StringBuilder html = new StringBuilder();
    html.append(
        """
        <section class="video card" id="%s">
        <h3><bdi>%s</bdi>%s</h3>
        <p class="muted">%s</p>
        <p class="file">%s</p>
        %s"""
            .formatted(
                anchor(index),
                Html.escape(result.getId()),
                result.isUntouched() ? " <span class=\"badge\">untouched</span>" : "",
                Html.escape(String.join(" · ", facts(video))),
                link(run.output(), result.getLocation()),
                choice(result)));
    sheet.ifPresent(bytes -> html.append(picture(result.getId(), bytes)));
    if (!video.clips().isEmpty()) {
      html.append(ClipChart.of(video)).append(legend(video));
    }
    return html.append("<p class=\"digest muted\">SHA-256 ")
        .append(Html.escape(result.getDigest()))
        .append("</p>\n</section>\n")
        .toString();
  }

  private static String choice(RenderedVideo result) {
    return result.getChoice().isEmpty()
        ? ""
        : "<p class=\"muted\">placed: %s</p>\n".formatted(Html.escape(result.getChoice()));
  }

  private static List<String> facts(Video video) {
    RenderedVideo result = video.video();
    List<String> facts = new ArrayList<>();
    facts.add(Quantity.length(result.getSeconds()));
    facts.add(Quantity.count(result.getFrames(), "frame"));
    double framesPerSecond = ResultsFile.framesPerSecond(result);
    if (Double.isFinite(framesPerSecond)) {
      facts.add(Quantity.rate(framesPerSecond) + " fps");
    }
    facts.add(Quantity.count(result.getTakes(), "take"));
    String clips = Quantity.count(result.getClips(), "clip");
    if (result.getClipsReused() > 0 && !result.isUntouched()) {
      clips += ", %d reused".formatted(result.getClipsReused());
    }
    facts.add(clips);
    facts.add(result.getStrategy());
    return facts;
  }

  private static String link(String output, String location) {
    String directory = output + "/";
    if (!location.startsWith(directory)) {
      return "<bdi>%s</bdi>".formatted(Html.escape(location));
    }
    String name = location.substring(directory.length());
    return "<a href=\"%s\"><bdi>%s</bdi></a>".formatted(Html.relativeLink(name), Html.escape(name));
  }

  private static String picture(String id, byte[] bytes) {
    return """
    <div class="scroll" tabindex="0"><img class="sheet" alt="Frames of %s, from start to end" \
    src="data:%s;base64,%s"></div>
    """
        .formatted(
            Html.escape(id), mediaType(id, bytes), Base64.getEncoder().encodeToString(bytes));
  }

  private static String mediaType(String id, byte[] bytes) {
    if (startsWith(bytes, PNG)) {
      return "image/png";
    }
    checkArgument(
        startsWith(bytes, JPEG),
        "The contact sheet of '%s' is neither PNG nor JPEG: %s bytes.",
        id,
        bytes.length);
    return "image/jpeg";
  }

  private static boolean startsWith(byte[] bytes, int[] magic) {
    for (int i = 0; i < magic.length; i++) {
      if (i >= bytes.length || (bytes[i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }

  private static String legend(Video video) {
    StringBuilder html = new StringBuilder("<p class=\"legend\">");
    if (video.clips().stream().anyMatch(clip -> !clip.reused())) {
      html.append("<span><span class=\"key rendered\"></span>rendered in this run</span> ");
    }
    if (video.clips().stream().anyMatch(Clip::reused)) {
      html.append("<span><span class=\"key reused\"></span>reused from an earlier run</span> ");
    }
    return html.append("<span class=\"muted\">bars: frames per second of each clip; ")
        .append("strip: the takes by number, along the video</span></p>\n")
        .toString();
  }
}
