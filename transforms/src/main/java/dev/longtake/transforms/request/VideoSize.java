package dev.longtake.transforms.request;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A wanted size, written {@code W*H}. As in the official code it is only an area: the video takes
 * the picture's proportions and has at most {@code width · height} pixels.
 *
 * @param width columns, a multiple of 16 from 64 to 4096
 * @param height rows, likewise
 */
public record VideoSize(int width, int height) {
  /** The sizes that the official code knows. They all keep to the rule, and so may others. */
  public static final List<String> OFFICIAL =
      List.of(
          "720*1280",
          "1280*720",
          "480*832",
          "832*480",
          "704*1280",
          "1280*704",
          "1024*704",
          "704*1024",
          "720*400",
          "704*384",
          "688*368",
          "384*256");

  private static final Pattern WRITTEN = Pattern.compile("([0-9]{1,5})\\*([0-9]{1,5})");
  private static final int SIDE_STEP = 16;
  private static final int SHORTEST_SIDE = 64;
  private static final int LONGEST_SIDE = 4096;

  /**
   * Reads a size.
   *
   * @param written for example {@code 720*400}
   * @throws RequestFaultException UNKNOWN_SIZE if it is written otherwise or out of bounds
   */
  public static VideoSize parse(String written) throws RequestFaultException {
    Matcher matcher = WRITTEN.matcher(written);
    if (!matcher.matches()) {
      throw unknown(written);
    }
    int width = Integer.parseInt(matcher.group(1));
    int height = Integer.parseInt(matcher.group(2));
    if (!isSide(width) || !isSide(height)) {
      throw unknown(written);
    }
    return new VideoSize(width, height);
  }

  /** Returns the most pixels that a frame may have. */
  public long areaPixels() {
    return (long) width * height;
  }

  @Override
  public String toString() {
    return width + "*" + height;
  }

  private static boolean isSide(int side) {
    return side >= SHORTEST_SIDE && side <= LONGEST_SIDE && side % SIDE_STEP == 0;
  }

  private static RequestFaultException unknown(String written) {
    return new RequestFaultException(
        "UNKNOWN_SIZE",
        ("'%s' is no size. Write W*H with sides that are multiples of %d from %d to %d, for example"
                + " one of %s.")
            .formatted(
                SafeNames.shown(written),
                SIDE_STEP,
                SHORTEST_SIDE,
                LONGEST_SIDE,
                String.join(", ", OFFICIAL)));
  }
}
