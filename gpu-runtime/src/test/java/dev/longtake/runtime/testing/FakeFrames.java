package dev.longtake.runtime.testing;

import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.Picture;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Frames that show what they were made from: eight bars side by side, each of a colour that one
 * cause decides, all as high as the speech is loud. Flat and large enough to survive compression.
 */
public final class FakeFrames {
  /** How many bars, and so causes, there are. */
  static final int BARS = 8;

  private static final byte BACKGROUND = 16;
  private static final int VISIBLE = 64; // of the darkest colour of a bar
  private static final double QUIETEST_PART =
      0.25; // of the height, so that colours show in silence
  private static final int CODE_VALUES = 4;
  private static final int CODE_BITS = 16;

  private FakeFrames() {}

  /**
   * Draws a frame.
   *
   * @param rgb gets unsigned bytes [height, width, 3] from its start
   * @param causes one a bar
   * @param loudness 0 for silence, 1 for the loudest
   */
  static void draw(ByteBuffer rgb, int height, int width, long[] causes, double loudness) {
    byte[] background = new byte[width * Picture.COLOURS];
    Arrays.fill(background, BACKGROUND);
    byte[] bars = background.clone();
    for (int x = 0; x < width; x++) {
      long colour = mix(x * BARS / width, causes[x * BARS / width]);
      for (int c = 0; c < Picture.COLOURS; c++) {
        bars[x * Picture.COLOURS + c] = (byte) (VISIBLE + ((colour >>> (8 * c)) & 0xb0));
      }
    }
    int top = (int) Math.round(height * (1 - QUIETEST_PART) * (1 - Math.min(1, loudness)));
    for (int y = 0; y < height; y++) {
      rgb.put(y * background.length, y < top ? background : bars);
    }
  }

  /**
   * Returns how loud the speech was that a frame was made from, 0 to 1, as far as it can be seen.
   *
   * @param rgb unsigned bytes [H, width, 3], perhaps compressed in between
   */
  public static double loudness(ByteBuffer rgb, int width) {
    int rowBytes = width * Picture.COLOURS;
    int height = rgb.remaining() / rowBytes;
    int top = 0;
    while (top < height && brightest(rgb, top * rowBytes, rowBytes) < VISIBLE - BACKGROUND) {
      top++;
    }
    return 1 - top / (height * (1 - QUIETEST_PART));
  }

  private static int brightest(ByteBuffer rgb, int start, int count) {
    int brightest = 0;
    for (int i = start; i < start + count; i++) {
      brightest = Math.max(brightest, Byte.toUnsignedInt(rgb.get(rgb.position() + i)));
    }
    return brightest;
  }

  /** Returns a number that both arguments decide. */
  static long mix(long a, long b) {
    long z = Long.rotateLeft(a * 0x9E3779B97F4A7C15L, 29) + b + 0x632BE59BD9B4E019L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** Returns a number that some values decide. */
  static long mix(long start, float[] values, int from, int to) {
    long mixed = start;
    for (int i = from; i < to; i++) {
      mixed = mix(mixed, Float.floatToRawIntBits(values[i]));
    }
    return mixed;
  }

  /** Returns {@code [rows, 1, 1, 4]}, in which {@code code} can be told from any other. */
  static HostValues coded(long code, int rows) {
    float[] values = new float[rows * CODE_VALUES];
    for (int i = 0; i < values.length; i++) {
      values[i] = (code >>> (CODE_BITS * (i % CODE_VALUES))) & 0xffff; // exact in a float
    }
    return new HostValues(values, rows, 1, 1, CODE_VALUES);
  }
}
