package dev.longtake.runtime.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.model.picture.OutputSize;
import dev.longtake.runtime.model.picture.PictureResizer;
import dev.longtake.runtime.tools.media.MediaFiles;

/** The size of a video, and the picture brought to it, by the official rules. */
final class PictureCases implements CaseGroup {
  @Override
  public String name() {
    return "picture";
  }

  @Override
  public void run(Subject subject, CaseLog log) {
    for (JsonNode golden : subject.bundle().json("sizes.json")) {
      int height = golden.path("height").asInt();
      int width = golden.path("width").asInt();
      int area = golden.path("area").asInt();
      OutputSize size = OutputSize.forPicture(height, width, area);
      log.exact(
          "size.%dx%d.%d".formatted(height, width, area),
          new int[] {size.height(), size.width()},
          new int[] {golden.path("result").path(0).asInt(), golden.path("result").path(1).asInt()});
    }
    HostValues pixels = subject.bundle().values("image_resized.safetensors", "pixels");
    byte[] expected = new byte[pixels.values().length];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = (byte) (int) pixels.values()[i];
    }
    Picture resized =
        PictureResizer.fitOfficially(
            MediaFiles.readPicture(subject.bundle().file("ref.png")),
            pixels.extent(0),
            pixels.extent(1));
    log.levels("picture.resized", resized.rgb(), expected);
  }
}
