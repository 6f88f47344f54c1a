package dev.longtake.transforms.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ContactSheetTest {
  @Test
  void putsFramesInRowsWithGapsBetween() throws IOException {
    ContactSheet sheet = new ContactSheet(2, 1, 3, 2);
    sheet.add(new byte[] {(byte) 255, 0, 0, 0, (byte) 255, 0}); // red, green
    sheet.add(new byte[] {0, 0, (byte) 255, 1, 2, 3});
    sheet.add(new byte[] {(byte) 200, (byte) 201, (byte) 202, 0, 0, 0});

    BufferedImage png = ImageIO.read(new ByteArrayInputStream(sheet.toPng()));

    assertThat(png.getWidth()).isEqualTo(2 + 4 + 2);
    assertThat(png.getHeight()).isEqualTo(1 + 4 + 1);
    assertThat(png.getRGB(0, 0)).isEqualTo(0xffff0000);
    assertThat(png.getRGB(1, 0)).isEqualTo(0xff00ff00);
    assertThat(png.getRGB(2, 0)).isZero(); // a gap
    assertThat(png.getRGB(6, 0)).isEqualTo(0xff0000ff);
    assertThat(png.getRGB(7, 0)).isEqualTo(0xff010203);
    assertThat(png.getRGB(0, 5)).isEqualTo(0xffc8c9ca);
    assertThat(png.getRGB(6, 5)).isZero(); // no fourth frame
  }

  @Test
  void averagesWhatItMakesSmall() throws IOException {
    int width = 320;
    int height = 2;
    byte[] rgb = new byte[height * width * 3];
    for (int i = 0; i < width * height; i++) {
      rgb[3 * i] = (byte) (i % 2 == 0 ? 100 : 51); // columns 100, 51, 100 …: 75.5 on average
    }
    ContactSheet sheet = new ContactSheet(width, height, 1, 8);
    sheet.add(rgb);

    BufferedImage png = ImageIO.read(new ByteArrayInputStream(sheet.toPng()));

    assertThat(png.getWidth()).isEqualTo(160);
    assertThat(png.getHeight()).isEqualTo(1);
    assertThat(png.getRGB(0, 0)).isEqualTo(0xff4c0000);
    assertThat(png.getRGB(159, 0)).isEqualTo(0xff4c0000);
  }

  @Test
  void refusesAFrameOfAnotherSizeAndOneTooMany() {
    ContactSheet sheet = new ContactSheet(2, 2, 1, 1);

    assertThatThrownBy(() -> sheet.add(new byte[11]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a frame must be [2, 2, 3], 12 bytes, but has 11");
    sheet.add(new byte[12]);
    assertThatThrownBy(() -> sheet.add(new byte[12])).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void choosesFramesFromTheFirstToTheLast() {
    assertThat(ContactSheet.evenlySpaced(100, 4)).containsExactly(0, 33, 66, 99);
    assertThat(ContactSheet.evenlySpaced(3, 8)).containsExactly(0, 1, 2);
    assertThat(ContactSheet.evenlySpaced(Integer.MAX_VALUE, 3))
        .containsExactly(0, 1_073_741_823, 2_147_483_646);
  }
}
