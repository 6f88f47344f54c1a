package dev.longtake.runtime.model.picture;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.api.InvalidRequestException;

/**
 * The size of a video, in pixels.
 *
 * @param height rows, a positive multiple of 64
 * @param width columns, likewise
 */
public record OutputSize(int height, int width) {
  /** Sides are multiples of this: eight pixels to a latent cell, and patches of 2, 4 and 8. */
  public static final int SIDE_STEP = 64;

  private static final int SCALES = 100;
  private static final double SMALLEST_SCALE = 0.1;

  /** Checks the sides. */
  public OutputSize {
    checkArgument(
        height > 0 && width > 0 && height % SIDE_STEP == 0 && width % SIDE_STEP == 0,
        "height and width must be positive multiples of %s, but were %s and %s",
        SIDE_STEP,
        height,
        width);
  }

  /**
   * Returns the size that the official rule gives a video with this picture: about the picture's
   * proportions, and at most the given area.
   *
   * <p>It walks down from the scale that would give the area exactly, in a hundred steps, until the
   * sides, rounded up, fit into the area. A picture smaller than the area is not enlarged, except
   * by the rounding.
   *
   * @param areaPixels the most pixels a frame may have, for example 720·400; at least 64·64
   * @throws InvalidRequestException if the picture is too narrow for a video of this area
   */
  public static OutputSize forPicture(int pictureHeight, int pictureWidth, long areaPixels) {
    checkArgument(
        pictureHeight > 0 && pictureWidth > 0,
        "the picture's sides must be positive, but were %s and %s",
        pictureHeight,
        pictureWidth);
    checkArgument(
        areaPixels >= SIDE_STEP * SIDE_STEP,
        "areaPixels must be at least %s, but was %s",
        SIDE_STEP * SIDE_STEP,
        areaPixels);
    long picturePixels = (long) pictureHeight * pictureWidth;
    double high = 1;
    double low = SMALLEST_SCALE;
    if (picturePixels > areaPixels) {
      high = Math.sqrt((double) areaPixels / picturePixels);
      low = lowestScale(pictureHeight, pictureWidth, areaPixels);
    }
    for (int i = 0; i < SCALES; i++) {
      double scale = high - (high - low) * i / SCALES;
      long height = roundUp((long) (pictureHeight * scale));
      long width = roundUp((long) (pictureWidth * scale));
      if (height * width <= areaPixels) {
        return checked(height, width, pictureHeight, pictureWidth, areaPixels);
      }
    }
    return withoutScaling(pictureHeight, pictureWidth, areaPixels);
  }

  /**
   * Returns the scale at which even sides rounded up by the most that can be would fit: the root of
   * (height·s + 63)·(width·s + 63) = area, but for a factor that the official rule leaves out.
   */
  private static double lowestScale(int pictureHeight, int pictureWidth, long areaPixels) {
    double most = SIDE_STEP - 1;
    double a = (double) pictureHeight * pictureWidth;
    double b = most * ((double) pictureHeight + pictureWidth);
    double c = most * most - areaPixels;
    return (-b + Math.sqrt(b * b - 2 * a * c)) / (2 * a); // 4ac would be the root
  }

  /** For pictures so long that no scale fitted: sides rounded down. */
  private static OutputSize withoutScaling(int pictureHeight, int pictureWidth, long areaPixels) {
    double ratio = (double) pictureWidth / pictureHeight;
    long height = roundDown((long) Math.sqrt(areaPixels / ratio));
    long width = roundDown((long) Math.sqrt(areaPixels * ratio));
    if (height >= pictureHeight || width >= pictureWidth) {
      height = roundDown(pictureHeight);
      width = roundDown(pictureWidth);
    }
    return checked(height, width, pictureHeight, pictureWidth, areaPixels);
  }

  private static OutputSize checked(
      long height, long width, int pictureHeight, int pictureWidth, long areaPixels) {
    if (height == 0 || width == 0) {
      throw new InvalidRequestException(
          ("A picture of %dx%d pixels (width x height) is too narrow for a video of at most %d "
                  + "pixels: a side would be 0. Use a picture of more usual proportions.")
              .formatted(pictureWidth, pictureHeight, areaPixels));
    }
    return new OutputSize(Math.toIntExact(height), Math.toIntExact(width));
  }

  private static long roundUp(long side) {
    return (side + SIDE_STEP - 1) / SIDE_STEP * SIDE_STEP;
  }

  private static long roundDown(long side) {
    return side / SIDE_STEP * SIDE_STEP;
  }
}
