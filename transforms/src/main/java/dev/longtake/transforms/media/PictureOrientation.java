package dev.longtake.transforms.media;

/**
 * The eight ways in which a camera says that a picture is stored, in the order of EXIF's tag
 * 0x0112.
 */
enum PictureOrientation {
  UPRIGHT(false, false, false),
  MIRRORED(false, true, false),
  UPSIDE_DOWN(false, true, true),
  FLIPPED(false, false, true),
  TRANSPOSED(true, false, false),
  TURN_RIGHT(true, true, false),
  TRANSVERSED(true, true, true),
  TURN_LEFT(true, false, true);

  private final boolean swapped;
  private final boolean reverseColumns;
  private final boolean reverseRows;

  /**
   * Describes where stored pixels go.
   *
   * @param swapped whether stored rows become columns
   * @param reverseColumns whether the columns of the result then run the other way
   * @param reverseRows whether the rows of the result then run the other way
   */
  PictureOrientation(boolean swapped, boolean reverseColumns, boolean reverseRows) {
    this.swapped = swapped;
    this.reverseColumns = reverseColumns;
    this.reverseRows = reverseRows;
  }

  /** Returns the orientation of a tag; upright if the tag has no such value. */
  static PictureOrientation ofTag(int tag) {
    return tag >= 1 && tag <= values().length ? values()[tag - 1] : UPRIGHT;
  }

  /** Returns the columns that a stored picture has once it is turned. */
  int turnedWidth(int width, int height) {
    return swapped ? height : width;
  }

  /** Returns the rows that a stored picture has once it is turned. */
  int turnedHeight(int width, int height) {
    return swapped ? width : height;
  }

  /** Returns the index, in the turned picture, of a stored pixel. */
  int turnedIndex(int column, int row, int width, int height) {
    int x = swapped ? row : column;
    int y = swapped ? column : row;
    int turnedWidth = turnedWidth(width, height);
    if (reverseColumns) {
      x = turnedWidth - 1 - x;
    }
    if (reverseRows) {
      y = turnedHeight(width, height) - 1 - y;
    }
    return y * turnedWidth + x;
  }
}
