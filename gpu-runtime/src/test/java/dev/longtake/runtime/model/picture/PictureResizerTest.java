package dev.longtake.runtime.model.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.InvalidRequestException;
import dev.longtake.runtime.api.Picture;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PictureResizerTest {
  /** What Pillow 12.3 makes of a 5x3 picture whose i-th byte is 37·i mod 256. */
  private static final int[] SHRUNK_BY_PILLOW = {
    75, 112, 108, 144, 90, 86, 121, 123, 138, 99, 136, 116, 130, 98, 135, 108, 145, 113
  };

  private static final int[] ENLARGED_BY_PILLOW = {
    0, 37, 74, 69, 106, 143, 153, 94, 131, 222, 3, 40, 44, 81, 118, 113, 150, 96, 142, 138, 84, 120,
    47, 84, 99, 136, 173, 122, 159, 82, 110, 147, 70, 65, 102, 139, 154, 191, 228, 63, 100, 137, 51,
    88, 125, 120, 157, 194, 209, 63, 100, 118, 86, 123, 106, 143, 111, 175, 212, 66, 154, 45, 82,
    132, 114, 151, 120, 157, 139, 120, 157, 48, 52, 89, 126, 121, 158, 195, 109, 146, 183, 18, 55,
    92
  };

  @Test
  void shrinksAsPillowDoes() {
    Picture shrunk = PictureResizer.resize(ramp(5, 3), 3, 2);

    assertThat(shrunk).isEqualTo(new Picture(3, 2, bytes(SHRUNK_BY_PILLOW)));
  }

  @Test
  void enlargesAsPillowDoes() {
    Picture enlarged = PictureResizer.resize(ramp(5, 3), 7, 4);

    assertThat(enlarged).isEqualTo(new Picture(7, 4, bytes(ENLARGED_BY_PILLOW)));
  }

  @Test
  void leavesAPictureOfTheRightSizeAlone() {
    Picture picture = ramp(64, 128);

    assertThat(PictureResizer.fitOfficially(picture, 64, 128)).isEqualTo(picture);
    assertThat(PictureResizer.cover(picture, 64, 128)).isEqualTo(picture);
  }

  @Test
  void fittingPutsTheOddBlackRowBelow() {
    Picture barred = PictureResizer.fitOfficially(grey(64, 64, 200), 75, 64);

    for (int row = 0; row < 75; row++) {
      int expected = row < 5 || row >= 69 ? 0 : 200;
      assertThat(value(barred, row, 31)).as("row %s", row).isEqualTo(expected);
    }
  }

  @Test
  void coveringLeavesNoBars() {
    int[][] sizes = {{720, 1280}, {721, 1279}, {1000, 10}, {3, 500}, {1, 1}, {65, 63}};
    for (int[] size : sizes) {
      Picture covered = PictureResizer.cover(grey(size[0], size[1], 137), 128, 64);

      assertThat(covered).as("%s rows, %s columns", size[0], size[1]).isEqualTo(grey(128, 64, 137));
    }
  }

  @Test
  void coveringKeepsTheMiddle() {
    byte[] bright = new byte[64 * 192 * Picture.COLOURS];
    for (int row = 0; row < 64; row++) {
      Arrays.fill(bright, (row * 192 + 64) * 3, (row * 192 + 128) * 3, (byte) 250);
    }

    assertThat(PictureResizer.cover(new Picture(64, 192, bright), 64, 64))
        .isEqualTo(grey(64, 64, 250));
  }

  @Test
  void refusesAPictureThatWouldGetTooLarge() {
    assertThatThrownBy(() -> PictureResizer.cover(grey(1, 30_000, 0), 704, 384))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("30000x1");
  }

  @Test
  void mapsBytesToTheSignedUnitRange() {
    float[] values = new Picture(1, 1, bytes(new int[] {0, 255, 51})).toSignedUnit();

    assertThat(values).containsExactly(-1f, 1f, 51 / 255f * 2f - 1f);
  }

  @Test
  void refusesPixelsOfAnotherSize() {
    assertThatThrownBy(() -> new Picture(2, 2, new byte[11]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("11 bytes");
  }

  private static Picture ramp(int height, int width) {
    byte[] rgb = new byte[height * width * Picture.COLOURS];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (37 * i);
    }
    return new Picture(height, width, rgb);
  }

  private static Picture grey(int height, int width, int level) {
    byte[] rgb = new byte[height * width * Picture.COLOURS];
    Arrays.fill(rgb, (byte) level);
    return new Picture(height, width, rgb);
  }

  private static int value(Picture picture, int row, int column) {
    return Byte.toUnsignedInt(picture.rgb()[(row * picture.width() + column) * Picture.COLOURS]);
  }

  private static byte[] bytes(int[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
