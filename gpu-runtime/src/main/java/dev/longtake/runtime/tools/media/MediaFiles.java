package dev.longtake.runtime.tools.media;

import dev.longtake.runtime.api.InvalidRequestException;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.model.wav2vec2.FeatureTiming;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/** Pictures and speech in the few formats that the engine's own commands read with the JDK. */
public final class MediaFiles {
  private static final int SAMPLE_BYTES = 2;
  private static final float FULL_SCALE = 32768f;

  private MediaFiles() {}

  /** Reads a PNG, JPEG, BMP or GIF picture; transparency is ignored. */
  public static Picture readPicture(Path file) {
    BufferedImage image;
    try {
      image = ImageIO.read(file.toFile());
    } catch (IOException e) {
      throw new InvalidRequestException("%s cannot be read: %s".formatted(file, e.getMessage()));
    }
    if (image == null) {
      throw new InvalidRequestException(
          "%s is no picture that can be read here. Use PNG or JPEG.".formatted(file));
    }
    int height = image.getHeight();
    int width = image.getWidth();
    byte[] rgb = new byte[Math.multiplyExact(height * width, Picture.COLOURS)];
    boolean grey = image.getType() == BufferedImage.TYPE_BYTE_GRAY;
    Raster raster = image.getRaster();
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        // Java takes grey for linear light and would brighten it on the way to RGB.
        int pixel = grey ? raster.getSample(x, y, 0) * 0x010101 : image.getRGB(x, y);
        int at = (y * width + x) * Picture.COLOURS;
        rgb[at] = (byte) (pixel >> 16);
        rgb[at + 1] = (byte) (pixel >> 8);
        rgb[at + 2] = (byte) pixel;
      }
    }
    return new Picture(height, width, rgb);
  }

  /** Reads 16-bit mono WAV at 16 kHz; samples are in [-1, 1). */
  public static float[] readSpeech(Path file) {
    try (AudioInputStream stream = AudioSystem.getAudioInputStream(file.toFile())) {
      AudioFormat format = stream.getFormat();
      if (format.getChannels() != 1
          || format.getSampleSizeInBits() != 8 * SAMPLE_BYTES
          || format.getSampleRate() != FeatureTiming.SAMPLE_RATE_HZ
          || !format.getEncoding().equals(AudioFormat.Encoding.PCM_SIGNED)) {
        throw new InvalidRequestException(
            "%s must be 16-bit mono PCM at %d Hz, but is %s. Convert it with FFmpeg."
                .formatted(file, FeatureTiming.SAMPLE_RATE_HZ, format));
      }
      byte[] bytes = stream.readAllBytes();
      float[] samples = new float[bytes.length / SAMPLE_BYTES];
      for (int i = 0; i < samples.length; i++) {
        int low = Byte.toUnsignedInt(bytes[2 * i]);
        samples[i] = (bytes[2 * i + 1] << 8 | low) / FULL_SCALE;
      }
      return samples;
    } catch (UnsupportedAudioFileException | IOException e) {
      String reason = Files.exists(file) ? e.getMessage() : "there is no such file";
      throw new InvalidRequestException("%s cannot be read: %s".formatted(file, reason));
    }
  }
}
