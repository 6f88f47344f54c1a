package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;

/** A picture of 8-bit red, green and blue. Nobody changes its pixels once it is made. */
public final class Picture {
  /** Bytes to a pixel. */
  public static final int COLOURS = 3;

  private final int height;
  private final int width;
  private final byte[] rgb;

  /**
   * Wraps pixels without copying them.
   *
   * @param height rows, at least 1; {@code width} columns, likewise
   * @param rgb unsigned bytes [height, width, 3], not to be changed any more
   * @throws IllegalArgumentException if the number of bytes does not fit
   */
  public Picture(int height, int width, byte[] rgb) {
    checkArgument(
        height > 0 && width > 0 && (long) height * width * COLOURS == rgb.length,
        "%s bytes are no picture of %s rows and %s columns",
        rgb.length,
        height,
        width);
    this.height = height;
    this.width = width;
    this.rgb = rgb;
  }

  /** Returns the number of rows. */
  public int height() {
    return height;
  }

  /** Returns the number of columns. */
  public int width() {
    return width;
  }

  /** Returns the pixels as unsigned bytes [height, width, 3]; not a copy, so only to be read. */
  public byte[] rgb() {
    return rgb;
  }

  /** Returns the pixels as [height, width, 3] in [-1, 1], as the video autoencoder takes them. */
  public float[] toSignedUnit() {
    float[] values = new float[rgb.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Byte.toUnsignedInt(rgb[i]) / 255f * 2f - 1f;
    }
    return values;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Picture picture
        && height == picture.height
        && width == picture.width
        && Arrays.equals(rgb, picture.rgb);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * height + width) + Arrays.hashCode(rgb);
  }

  @Override
  public String toString() {
    return "Picture[height=%d, width=%d]".formatted(height, width);
  }
}
