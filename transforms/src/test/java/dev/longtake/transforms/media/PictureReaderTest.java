package dev.longtake.transforms.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.runtime.api.Picture;
import dev.longtake.transforms.media.MediaException.Code;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PictureReaderTest {
  @TempDir Path directory;

  /** Corners from the top left, clockwise, of the sample turned as the tag says. */
  @ParameterizedTest(name = "orientation {0}")
  @CsvSource({
    "1, RGWB, 48", "2, GRBW, 48", "3, WBRG, 48", "4, BWGR, 48",
    "5, RBWG, 32", "6, BRGW, 32", "7, WGRB, 32", "8, GWBR, 32"
  })
  void turnsPicturesTheRightWayUp(int orientation, String corners, int width) throws IOException {
    Path jpeg = TestPictures.jpeg(directory.resolve("a.jpg"), TestPictures.sample());
    TestPictures.tagJpeg(jpeg, orientation);
    Path png = TestPictures.png(directory.resolve("a.png"), TestPictures.sample());
    TestPictures.tagPng(png, orientation);
    Path webp = TestPictures.webp(directory.resolve("a.webp"), TestPictures.sample());
    TestPictures.tagWebp(webp, orientation);

    for (Path file : new Path[] {jpeg, png, webp}) {
      Picture picture = PictureReader.read(file);

      assertThat(picture.width()).as("width of %s", file).isEqualTo(width);
      assertThat(picture.height()).isEqualTo(80 - width);
      assertThat(corners(picture)).as("corners of %s", file).isEqualTo(corners);
    }
  }

  @Test
  void readsLosslessFormatsExactly() throws IOException {
    byte[] expected = rgb(TestPictures.sample());

    Picture png =
        PictureReader.read(TestPictures.png(directory.resolve("a.png"), TestPictures.sample()));
    Picture webp =
        PictureReader.read(TestPictures.webp(directory.resolve("a.webp"), TestPictures.sample()));

    assertThat(png.rgb()).isEqualTo(expected);
    assertThat(webp.rgb()).isEqualTo(expected);
  }

  @Test
  void readsGreyAsItIsStored() throws IOException {
    for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY}) {
      BufferedImage grey = new BufferedImage(256, 4, type);
      for (int x = 0; x < 256; x++) {
        for (int y = 0; y < 4; y++) {
          grey.getRaster().setSample(x, y, 0, type == BufferedImage.TYPE_BYTE_GRAY ? x : x * 257);
        }
      }

      Picture picture = PictureReader.read(TestPictures.png(directory.resolve("grey.png"), grey));

      for (int x = 0; x < 256; x++) {
        assertThat(Byte.toUnsignedInt(picture.rgb()[3 * x])).isCloseTo(x, within(1));
        assertThat(picture.rgb()[3 * x + 2]).isEqualTo(picture.rgb()[3 * x]);
      }
    }
  }

  @Test
  void readsGreyAndColouredJpegs() throws IOException {
    BufferedImage grey = new BufferedImage(32, 32, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < 32 * 32; i++) {
      grey.getRaster().setSample(i % 32, i / 32, 0, 200);
    }

    Picture picture = PictureReader.read(TestPictures.jpeg(directory.resolve("grey.jpg"), grey));
    Picture coloured =
        PictureReader.read(TestPictures.jpeg(directory.resolve("a.jpg"), TestPictures.sample()));

    assertThat(Byte.toUnsignedInt(picture.rgb()[500])).isCloseTo(200, within(2));
    // JPEG at Java's quality of 75; the middle of the red quarter is flat.
    int middle = 3 * (8 * TestPictures.WIDTH + 10);
    assertThat(Byte.toUnsignedInt(coloured.rgb()[middle])).isCloseTo(255, within(4));
    assertThat(Byte.toUnsignedInt(coloured.rgb()[middle + 1])).isCloseTo(0, within(4));
  }

  @Test
  void readsPalettesAndDropsTransparency() throws IOException {
    BufferedImage palette =
        new BufferedImage(TestPictures.WIDTH, TestPictures.HEIGHT, BufferedImage.TYPE_BYTE_INDEXED);
    palette.createGraphics().drawImage(TestPictures.sample(), 0, 0, null);
    BufferedImage clear = new BufferedImage(16, 16, BufferedImage.TYPE_INT_ARGB);
    clear.setRGB(0, 0, 0x00336699);

    Picture indexed = PictureReader.read(TestPictures.png(directory.resolve("p.png"), palette));
    Picture transparent = PictureReader.read(TestPictures.png(directory.resolve("t.png"), clear));

    assertThat(indexed.rgb()).isEqualTo(rgb(palette));
    assertThat(Arrays.copyOf(transparent.rgb(), 3)).containsExactly(0x33, 0x66, (byte) 0x99);
  }

  @Test
  void refusesWhatIsNoPicture() throws IOException {
    Path text = Files.writeString(directory.resolve("a.png"), "no picture\n".repeat(100));
    Path empty = Files.createFile(directory.resolve("empty.png"));
    Path cut = TestPictures.png(directory.resolve("cut.png"), TestPictures.sample());
    Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 40));
    Path sound = TestSound.wav(directory.resolve("a.jpg"), 16_000, 1, 1600, i -> 0.1);

    assertThat(failureOf(text).code()).isEqualTo(Code.UNREADABLE_PICTURE);
    assertThat(failureOf(empty)).hasMessageContaining("0 bytes");
    assertThat(failureOf(cut)).hasMessageContaining("cut.png").hasMessageContaining("decoded");
    assertThat(failureOf(sound)).hasMessageContaining("'wav' and has no picture");
    Path video = TestFrames.fragment(directory.resolve("v"), 0, 1, EncoderSettings.DEFAULT);
    assertThat(failureOf(video)).hasMessageContaining("mp4").hasMessageContaining("no picture");
    assertThat(failureOf(directory.resolve("missing.png")).code())
        .isEqualTo(Code.UNREADABLE_PICTURE);
  }

  @Test
  void refusesMoreThanAHundredMegapixelsBeforeDecoding() throws IOException {
    Path file = TestPictures.png(directory.resolve("huge.png"), TestPictures.sample());
    byte[] bytes = Files.readAllBytes(file);
    byte[] header = Arrays.copyOfRange(bytes, 16, 29);
    ByteBuffer.wrap(header).putInt(0, 20_000).putInt(4, 5_001);
    System.arraycopy(TestPictures.pngChunk("IHDR", header), 0, bytes, 8, 25);
    Files.write(file, bytes);

    assertThat(failureOf(file).code()).isEqualTo(Code.PICTURE_TOO_LARGE);
    assertThat(failureOf(file)).hasMessageContaining("20000 x 5001");
  }

  private static MediaException failureOf(Path file) {
    return catchThrowableOfType(MediaException.class, () -> PictureReader.read(file));
  }

  private static byte[] rgb(BufferedImage image) {
    ByteBuffer bytes = ByteBuffer.allocate(3 * image.getWidth() * image.getHeight());
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int pixel = image.getRGB(x, y);
        bytes.put((byte) (pixel >> 16)).put((byte) (pixel >> 8)).put((byte) pixel);
      }
    }
    return bytes.array();
  }

  private static String corners(Picture picture) {
    int right = picture.width() - 2;
    int bottom = picture.height() - 2;
    return colour(picture, 1, 1)
        + colour(picture, right, 1)
        + colour(picture, right, bottom)
        + colour(picture, 1, bottom);
  }

  private static String colour(Picture picture, int x, int y) {
    int at = 3 * (y * picture.width() + x);
    boolean red = picture.rgb()[at] < 0; // above 127 as an unsigned byte
    boolean green = picture.rgb()[at + 1] < 0;
    boolean blue = picture.rgb()[at + 2] < 0;
    if (red && green && blue) {
      return "W";
    }
    if (red) {
      return "R";
    }
    return green ? "G" : "B";
  }
}
