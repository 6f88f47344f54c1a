package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;

import dev.longtake.runtime.api.Picture;
import dev.longtake.transforms.media.MediaException.Code;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Reads a picture of any kind that FFmpeg decodes as 8-bit RGB, the right way up.
 *
 * <p>The EXIF orientation of PNG, JPEG and WebP files is applied. Transparency is dropped and the
 * colours under it stay, as the official code has it. Of a moving GIF the first frame is taken;
 * videos, HEIC and AVIF are refused.
 */
public final class PictureReader {
  /** Most pixels of a picture. */
  public static final long MAX_PIXELS = 100_000_000;

  // Videos, and HEIC and AVIF, of which FFmpeg would give one tile, not turned.
  private static final String MP4 = "mp4";

  private PictureReader() {}

  /**
   * Reads a picture.
   *
   * @throws MediaException UNREADABLE_PICTURE, or PICTURE_TOO_LARGE beyond {@link #MAX_PIXELS}
   */
  public static Picture read(Path file) {
    PictureOrientation orientation = checkHeader(file);
    try (MediaInput input = new MediaInput(file, Code.UNREADABLE_PICTURE)) {
      String format = input.format().iformat().name().getString();
      AVStream stream = input.bestStream(AVMEDIA_TYPE_VIDEO);
      if (stream == null || format.contains(MP4)) {
        throw new MediaException(
            Code.UNREADABLE_PICTURE,
            "%s is of format '%s' and has no picture that is read here.".formatted(file, format));
      }
      MediaDecoder decoder = new MediaDecoder(input, stream, MAX_PIXELS);
      AVFrame frame = decoder.next();
      if (frame == null || frame.width() < 1 || frame.height() < 1) {
        throw new MediaException(
            Code.UNREADABLE_PICTURE,
            "%s looks like '%s', but its picture cannot be decoded.".formatted(file, format));
      }
      try (PixelConverter converter = PixelConverter.toRgb(input.calls(), frame)) {
        return turned(converter.convert(frame), orientation);
      }
    }
  }

  private static PictureOrientation checkHeader(Path file) {
    Optional<PictureHeader> header;
    try {
      if (Files.size(file) == 0) {
        throw new MediaException(
            Code.UNREADABLE_PICTURE, "%s has no content (0 bytes).".formatted(file));
      }
      header = PictureHeader.read(file);
    } catch (IOException e) {
      throw new MediaException(
          Code.UNREADABLE_PICTURE,
          "%s cannot be read (%s).".formatted(file, e.getClass().getSimpleName()));
    }
    header.ifPresent(
        found -> {
          long pixels = (long) found.width() * found.height();
          if (pixels > MAX_PIXELS) {
            throw new MediaException(
                Code.PICTURE_TOO_LARGE,
                "%s has %d x %d pixels, more than the %d million that are read."
                    .formatted(file, found.width(), found.height(), MAX_PIXELS / 1_000_000));
          }
        });
    return header.map(PictureHeader::orientation).orElse(PictureOrientation.UPRIGHT);
  }

  private static Picture turned(AVFrame frame, PictureOrientation orientation) {
    int width = frame.width();
    int height = frame.height();
    ByteBuffer plane = PixelConverter.plane(frame);
    byte[] row = new byte[width * Picture.COLOURS];
    byte[] rgb = new byte[Math.multiplyExact(row.length, height)];
    for (int y = 0; y < height; y++) {
      plane.get(y * frame.linesize(0), row);
      for (int x = 0; x < width; x++) {
        int to = Picture.COLOURS * orientation.turnedIndex(x, y, width, height);
        int from = Picture.COLOURS * x;
        rgb[to] = row[from];
        rgb[to + 1] = row[from + 1];
        rgb[to + 2] = row[from + 2];
      }
    }
    return new Picture(
        orientation.turnedHeight(width, height), orientation.turnedWidth(width, height), rgb);
  }
}
