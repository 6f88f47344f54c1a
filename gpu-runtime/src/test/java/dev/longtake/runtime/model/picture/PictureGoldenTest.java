package dev.longtake.runtime.model.picture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.SafetensorsFile;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.TensorSource;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PictureGoldenTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/small/golden");

  /** Integers are to agree exactly: the arithmetic is Pillow's, bit for bit. */
  @Test
  void fitsThePictureExactlyAsTheOfficialCode() throws IOException {
    Picture reference = read(GOLDEN.resolve("ref.png"));
    try (TensorSource file = SafetensorsFile.open(GOLDEN.resolve("image_resized.safetensors"))) {
      StoredTensor pixels = file.tensor("pixels");
      Shape shape = pixels.shape();
      float[] expected = new float[Math.toIntExact(shape.elements())];
      pixels.read(0, expected, 0, expected.length);

      Picture fitted = PictureResizer.fitOfficially(reference, shape.extent(0), shape.extent(1));

      float[] actual = new float[fitted.rgb().length];
      for (int i = 0; i < actual.length; i++) {
        actual[i] = Byte.toUnsignedInt(fitted.rgb()[i]);
      }
      assertThat(actual).isEqualTo(expected);
    }
  }

  private static Picture read(Path png) throws IOException {
    BufferedImage image = ImageIO.read(png.toFile());
    int height = image.getHeight();
    int width = image.getWidth();
    int[] argb = image.getRGB(0, 0, width, height, null, 0, width);
    byte[] rgb = new byte[argb.length * Picture.COLOURS];
    for (int i = 0; i < argb.length; i++) {
      rgb[i * Picture.COLOURS] = (byte) (argb[i] >> 16);
      rgb[i * Picture.COLOURS + 1] = (byte) (argb[i] >> 8);
      rgb[i * Picture.COLOURS + 2] = (byte) argb[i];
    }
    return new Picture(height, width, rgb);
  }
}
