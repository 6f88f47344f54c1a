package dev.longtake.runtime.model.picture;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.api.InvalidRequestException;
import dev.longtake.runtime.api.Picture;

/** Brings a picture to the size of a video, by scaling it evenly and cutting the middle out. */
public final class PictureResizer {
  private PictureResizer() {}

  /**
   * Follows the official rule to the letter: the picture's short side becomes the video's short
   * side, whichever it is; what then is too large is cut off, and what is too small gets black
   * bars.
   *
   * @param height rows of the video, at least 1; {@code width} columns, likewise
   * @throws InvalidRequestException if the picture is too long for that
   */
  public static Picture fitOfficially(Picture picture, int height, int width) {
    requirePositive(height, width);
    int side = Math.min(height, width);
    boolean upright = picture.height() > picture.width();
    int shortSide = upright ? picture.width() : picture.height();
    int longSide = upright ? picture.height() : picture.width();
    int scaledLong = scaled(longSide, side, shortSide);
    Picture scaled =
        upright ? resize(picture, scaledLong, side) : resize(picture, side, scaledLong);
    return cutMiddle(padMiddle(scaled, height, width), height, width);
  }

  /**
   * Scales the picture so that it just covers the video: no bars, and as little as possible is cut
   * off. This is how videos are rendered.
   *
   * @param height rows of the video, at least 1; {@code width} columns, likewise
   * @throws InvalidRequestException if the picture is too long for that
   */
  public static Picture cover(Picture picture, int height, int width) {
    requirePositive(height, width);
    boolean wider = (long) picture.width() * height >= (long) picture.height() * width;
    Picture scaled =
        wider
            ? resize(picture, height, scaled(picture.width(), height, picture.height()))
            : resize(picture, scaled(picture.height(), width, picture.width()), width);
    return cutMiddle(scaled, height, width);
  }

  /** Scales to exactly this size, with Pillow's antialiased bilinear filter: columns, then rows. */
  static Picture resize(Picture picture, int height, int width) {
    requireAddressable(picture, picture.height(), width);
    requireAddressable(picture, height, width);
    byte[] columns =
        BilinearFilter.between(picture.width(), width)
            .apply(picture.rgb(), picture.height(), picture.width(), Picture.COLOURS);
    byte[] rows =
        BilinearFilter.between(picture.height(), height)
            .apply(columns, 1, picture.height(), width * Picture.COLOURS);
    return new Picture(height, width, rows);
  }

  /** Returns {@code side} scaled by {@code target / reference}, rounded down. */
  private static int scaled(int side, int target, int reference) {
    return (int) Math.min(Integer.MAX_VALUE, (long) side * target / reference);
  }

  private static void requireAddressable(Picture picture, int height, int width) {
    if ((long) height * width * Picture.COLOURS > Integer.MAX_VALUE) {
      throw new InvalidRequestException(
          ("A picture of %dx%d pixels (width x height) would have to be scaled to %dx%d, which is "
                  + "too large. Cut it to more usual proportions.")
              .formatted(picture.width(), picture.height(), width, height));
    }
  }

  private static void requirePositive(int height, int width) {
    checkArgument(
        height > 0 && width > 0, "the video cannot have %s rows and %s columns", height, width);
  }

  /** Puts black around a picture where it is smaller than asked for. */
  private static Picture padMiddle(Picture picture, int leastHeight, int leastWidth) {
    int height = Math.max(picture.height(), leastHeight);
    int width = Math.max(picture.width(), leastWidth);
    if (height == picture.height() && width == picture.width()) {
      return picture;
    }
    byte[] padded = new byte[height * width * Picture.COLOURS];
    int top = (height - picture.height()) / 2;
    int left = (width - picture.width()) / 2;
    int rowBytes = picture.width() * Picture.COLOURS;
    for (int row = 0; row < picture.height(); row++) {
      int to = ((top + row) * width + left) * Picture.COLOURS;
      System.arraycopy(picture.rgb(), row * rowBytes, padded, to, rowBytes);
    }
    return new Picture(height, width, padded);
  }

  /** Cuts a part out of the middle of a picture that is at least as large. */
  private static Picture cutMiddle(Picture picture, int height, int width) {
    int top = halfToEven(picture.height() - height);
    int left = halfToEven(picture.width() - width);
    int rowBytes = width * Picture.COLOURS;
    byte[] cut = new byte[height * rowBytes];
    for (int row = 0; row < height; row++) {
      int from = ((top + row) * picture.width() + left) * Picture.COLOURS;
      System.arraycopy(picture.rgb(), from, cut, row * rowBytes, rowBytes);
    }
    return new Picture(height, width, cut);
  }

  private static int halfToEven(int value) {
    return (int) Math.rint(value / 2.0);
  }
}
