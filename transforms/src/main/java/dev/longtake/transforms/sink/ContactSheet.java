package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Frames of a video, small and side by side.
 *
 * <p>Holds the sheet alone: a frame is made small when it is added. Neither fonts nor a display are
 * needed. For one thread at a time.
 */
public final class ContactSheet {
  private static final int MAX_SIDE = 160; // pixels of the longer side of a frame on the sheet
  private static final int GAP = 4;
  private static final int CHANNELS = 3;

  private final int width;
  private final int height;
  private final int thumbWidth;
  private final int thumbHeight;
  private final int columns;
  private final int frames;
  private final BufferedImage sheet;
  private int added;

  /**
   * Starts an empty sheet.
   *
   * @param width columns of a frame, at least 1
   * @param height rows of a frame, at least 1
   * @param frames how many frames it will show, at least 1
   * @param columns the most frames side by side, at least 1
   */
  public ContactSheet(int width, int height, int frames, int columns) {
    checkArgument(
        width > 0 && height > 0 && frames > 0 && columns > 0,
        "a contact sheet needs positive sizes, but was asked for %s frames of %sx%s in %s columns",
        frames,
        width,
        height,
        columns);
    double scale = Math.min(1.0, (double) MAX_SIDE / Math.max(width, height));
    this.width = width;
    this.height = height;
    this.thumbWidth = (int) Math.max(1, Math.round(width * scale));
    this.thumbHeight = (int) Math.max(1, Math.round(height * scale));
    this.columns = Math.min(columns, frames);
    this.frames = frames;
    int rows = (frames + this.columns - 1) / this.columns;
    // Gaps are transparent, so the sheet fits on any page.
    this.sheet =
        new BufferedImage(
            this.columns * (thumbWidth + GAP) - GAP,
            rows * (thumbHeight + GAP) - GAP,
            BufferedImage.TYPE_INT_ARGB);
  }

  /**
   * Returns which frames of a video show it best: {@code count} of them, the first and the last
   * among them, evenly spaced; all of them when there are no more.
   *
   * @param frames the video's frames, at least 1
   * @param count how many to show, at least 2
   */
  public static int[] evenlySpaced(int frames, int count) {
    checkArgument(frames >= 1, "frames must be at least 1, but was %s", frames);
    checkArgument(count >= 2, "count must be at least 2, but was %s", count);
    if (frames <= count) {
      return IntStream.range(0, frames).toArray();
    }
    return IntStream.range(0, count)
        .map(i -> (int) ((long) i * (frames - 1) / (count - 1)))
        .toArray();
  }

  /**
   * Puts the next frame on the sheet, averaged over the area of each of its small pixels.
   *
   * @param rgb [height, width, 3], red first, each byte 0 to 255; not kept
   * @throws IllegalArgumentException if it has another length
   * @throws IllegalStateException if the sheet is full
   */
  public void add(byte[] rgb) {
    long expected = (long) width * height * CHANNELS;
    checkArgument(
        rgb.length == expected,
        "a frame must be [%s, %s, 3], %s bytes, but has %s",
        height,
        width,
        expected,
        rgb.length);
    checkState(added < frames, "the sheet has all its %s frames", frames);
    int left = added % columns * (thumbWidth + GAP);
    int top = added / columns * (thumbHeight + GAP);
    for (int y = 0; y < thumbHeight; y++) {
      for (int x = 0; x < thumbWidth; x++) {
        sheet.setRGB(left + x, top + y, averagePixel(rgb, x, y));
      }
    }
    added++;
  }

  /** Returns the sheet as a PNG file; frames that were not added are transparent. */
  public byte[] toPng() {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    // Not ImageIO's own choice of stream: that goes through a file in the temporary directory.
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(png)) {
      checkState(ImageIO.write(sheet, "png", out), "this JDK has no PNG writer");
    } catch (IOException e) {
      throw new UncheckedIOException(e); // an array has none of its own
    }
    return png.toByteArray();
  }

  private int averagePixel(byte[] rgb, int x, int y) {
    int firstColumn = (int) ((long) x * width / thumbWidth);
    int endColumn = Math.max(firstColumn + 1, (int) ((long) (x + 1) * width / thumbWidth));
    int firstRow = (int) ((long) y * height / thumbHeight);
    int endRow = Math.max(firstRow + 1, (int) ((long) (y + 1) * height / thumbHeight));
    long red = 0;
    long green = 0;
    long blue = 0;
    for (int row = firstRow; row < endRow; row++) {
      for (int column = firstColumn; column < endColumn; column++) {
        int at = (row * width + column) * CHANNELS;
        red += rgb[at] & 0xff;
        green += rgb[at + 1] & 0xff;
        blue += rgb[at + 2] & 0xff;
      }
    }
    long area = (long) (endColumn - firstColumn) * (endRow - firstRow);
    return 0xff << 24 | rounded(red, area) << 16 | rounded(green, area) << 8 | rounded(blue, area);
  }

  private static int rounded(long sum, long area) {
    return (int) ((sum + area / 2) / area);
  }
}
