package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.longtake.pipeline.element.RenderedVideo;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * {@code results.jsonl}: one line per finished video, sorted by id.
 *
 * <p>The fields, in this order: {@code id}, {@code output} (where the video is), {@code frames},
 * {@code seconds} (of video), {@code fps} (frames per second of render time; null when that is not
 * known), {@code strategy}, {@code choice} (how and why the model was placed so), {@code takes},
 * {@code clips}, {@code clipsReused}, {@code digest} (SHA-256 of the file), {@code untouched} (it
 * was there already).
 */
public final class ResultsFile {
  /** The file's name in the output directory. */
  public static final String NAME = "results.jsonl";

  private ResultsFile() {}

  /**
   * Returns what the file says of {@code videos}: the same text in whatever order they come.
   *
   * @throws IllegalArgumentException if two videos have one id, or a length is not finite
   */
  public static String text(Collection<RenderedVideo> videos) {
    List<RenderedVideo> sorted =
        videos.stream().sorted(Comparator.comparing(RenderedVideo::getId)).toList();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < sorted.size(); i++) {
      RenderedVideo video = sorted.get(i);
      checkArgument(
          i == 0 || !sorted.get(i - 1).getId().equals(video.getId()),
          "Two finished videos have the id '%s'; an id names one request.",
          video.getId());
      text.append(line(video));
    }
    return text.toString();
  }

  /** Returns frames per second of render time; NaN when the time is not known. */
  static double framesPerSecond(RenderedVideo video) {
    return video.getRenderSeconds() > 0 ? video.getFrames() / video.getRenderSeconds() : Double.NaN;
  }

  private static String line(RenderedVideo video) {
    checkArgument(
        Double.isFinite(video.getSeconds()) && Double.isFinite(video.getRenderSeconds()),
        "Video '%s' lasts %s s and took %s s; both must be finite.",
        video.getId(),
        video.getSeconds(),
        video.getRenderSeconds());
    return JsonLine.of(json -> writeFields(json, video));
  }

  private static void writeFields(JsonGenerator json, RenderedVideo video) throws IOException {
    json.writeStringField("id", video.getId());
    json.writeStringField("output", video.getLocation());
    json.writeNumberField("frames", video.getFrames());
    JsonLine.writeDecimal(json, "seconds", video.getSeconds());
    double framesPerSecond = framesPerSecond(video);
    if (Double.isFinite(framesPerSecond)) {
      JsonLine.writeDecimal(json, "fps", framesPerSecond);
    } else {
      json.writeNullField("fps");
    }
    json.writeStringField("strategy", video.getStrategy());
    json.writeStringField("choice", video.getChoice());
    json.writeNumberField("takes", video.getTakes());
    json.writeNumberField("clips", video.getClips());
    json.writeNumberField("clipsReused", video.getClipsReused());
    json.writeStringField("digest", video.getDigest());
    json.writeBooleanField("untouched", video.isUntouched());
  }
}
