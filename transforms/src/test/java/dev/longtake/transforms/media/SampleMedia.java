package dev.longtake.transforms.media;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.bytedeco.ffmpeg.global.avutil;

/** Pictures and speech for tests of whole pipelines. */
public final class SampleMedia {
  /** Samples a second of {@link #wav}. */
  public static final int RATE_HZ = 16_000;

  private static final double PHRASE_SECONDS = 2.4;
  private static final double PAUSE_SECONDS = 0.4;
  private static final int BLOCK = 16; // pixels

  private SampleMedia() {}

  /**
   * A voice: syllables, and a pause of 0.4 s at the end of every 2.4 s, in which there is nothing.
   *
   * @param pitch tells voices apart, in Hz
   */
  public static IntToDoubleFunction voice(double pitch) {
    return i -> {
      double time = (double) i / RATE_HZ;
      if (time % PHRASE_SECONDS > PHRASE_SECONDS - PAUSE_SECONDS) {
        return 0;
      }
      double syllable = 0.3 + 0.2 * Math.sin(2 * Math.PI * 3.7 * time);
      return syllable * Math.sin(2 * Math.PI * pitch * time);
    };
  }

  /** Returns {@code sound}, but {@code other} between two moments. */
  public static IntToDoubleFunction replaced(
      IntToDoubleFunction sound, IntToDoubleFunction other, double fromSeconds, double toSeconds) {
    return i -> {
      double time = (double) i / RATE_HZ;
      return (time >= fromSeconds && time < toSeconds ? other : sound).applyAsDouble(i);
    };
  }

  /** Writes a WAV file of 16 kHz, mono. */
  public static Path wav(Path file, double seconds, IntToDoubleFunction sound) throws IOException {
    return TestSound.wav(file, RATE_HZ, 1, (int) Math.round(seconds * RATE_HZ), sound);
  }

  /** Writes a voice as AAC of 48 kHz, stereo, in MP4. */
  public static Path aacInMp4(Path file, double seconds, double pitch) {
    int rateHz = 48_000;
    IntToDoubleFunction voice = voice(pitch);
    return TestSound.encoded(
        file,
        "mp4",
        "aac",
        new SoundFormat(rateHz, 2, avutil.AV_SAMPLE_FMT_FLTP),
        (int) Math.round(seconds * rateHz),
        i -> voice.applyAsDouble(i / (rateHz / RATE_HZ)));
  }

  /** Writes a picture of random blocks. */
  public static Path png(Path file, int width, int height, long seed) throws IOException {
    return TestPictures.png(file, blocks(width, height, seed));
  }

  /** Writes a picture of random blocks that is to be turned for display. */
  public static Path turnedJpeg(Path file, int width, int height, int orientation)
      throws IOException {
    TestPictures.jpeg(file, blocks(width, height, orientation));
    TestPictures.tagJpeg(file, orientation);
    return file;
  }

  /** Returns a checksum of each decoded frame of a video. */
  public static List<Long> checksums(Path video) {
    return TestFrames.checksums(video);
  }

  private static BufferedImage blocks(int width, int height, long seed) {
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y += BLOCK) {
      for (int x = 0; x < width; x += BLOCK) {
        int colour = random.nextInt(1 << 24);
        for (int i = 0; i < BLOCK * BLOCK; i++) {
          if (x + i % BLOCK < width && y + i / BLOCK < height) {
            image.setRGB(x + i % BLOCK, y + i / BLOCK, colour);
          }
        }
      }
    }
    return image;
  }
}
