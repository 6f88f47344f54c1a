package dev.longtake.transforms.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeMemoryTest {
  private static final int WARM_UP = 60;
  private static final int CYCLES = 200;
  private static final int SIZE = 256;
  // A codec, converter, file or frame that is not freed costs 12 MB and more: tried, each by
  // itself.
  private static final long MAX_GROWTH_BYTES = 10_000_000;

  @TempDir Path directory;

  @Test
  void everythingOpenedIsFreed() throws IOException {
    Path sound =
        TestSound.wav(directory.resolve("a.wav"), 44_100, 2, 22_050, TestSound.sine(440, 44_100));
    Path text = Files.writeString(directory.resolve("text.wav"), "text\n".repeat(1000));
    Path picture =
        TestPictures.jpeg(
            directory.resolve("a.jpg"), new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB));
    Path fragment = directory.resolve("f.mp4");
    ByteBuffer frame = TestFrames.frame(0, SIZE, SIZE);
    long before = 0;
    for (int i = 0; i < WARM_UP + CYCLES; i++) {
      if (i == WARM_UP) { // the heap and the allocator have grown
        System.gc();
        before = TestFrames.privateBytes();
      }
      try (FragmentWriter writer =
          new FragmentWriter(fragment, SIZE, SIZE, EncoderSettings.DEFAULT)) {
        writer.write(frame);
        writer.finish();
      }
      Stitcher.stitch(List.of(fragment, fragment), sound, directory.resolve("v.mp4"));
      VideoReader.decode(directory.resolve("v.mp4"), (index, rgb) -> {});
      AudioReader.readAll(sound);
      PictureReader.read(picture);
      assertThat(catchThrowable(() -> AudioReader.probe(text))).isNotNull();
      assertThat(catchThrowable(() -> PictureReader.read(text))).isNotNull();
      assertThat(catchThrowable(() -> Stitcher.stitch(List.of(fragment), text, fragment)))
          .isNotNull();
    }

    System.gc();
    assertThat(TestFrames.privateBytes() - before).isLessThan(MAX_GROWTH_BYTES);
  }
}
