package dev.longtake.transforms.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrossFadeTest {
  private static final int SIDE = 64;
  private static final int FRAME_BYTES = SIDE * SIDE * 3;
  private static final int OLD = 40;
  private static final int YOUNG = 200;

  @TempDir private Path directory;

  @Test
  void passesFromOneShotIntoTheNextStepByStep() {
    Path faded = directory.resolve("faded.mp4");

    CrossFade.fadeIn(fragment(10), grey(OLD, 3), SIDE, SIDE, faded);

    // Weights 1/4, 2/4 and 3/4; H.264 with quantizer 18 keeps flat grey within two levels.
    assertThat(levels(faded)).hasSize(10);
    assertThat(levels(faded).get(0)).isCloseTo(80, within(2.0));
    assertThat(levels(faded).get(1)).isCloseTo(120, within(2.0));
    assertThat(levels(faded).get(2)).isCloseTo(160, within(2.0));
    for (int frame = 3; frame < 10; frame++) {
      assertThat(levels(faded).get(frame)).isCloseTo(YOUNG, within(2.0));
    }
  }

  @Test
  void refusesHalfAFrame() {
    byte[] half = new byte[FRAME_BYTES / 2];
    Path fragment = fragment(2);

    assertThatThrownBy(
            () -> CrossFade.fadeIn(fragment, half, SIDE, SIDE, directory.resolve("x.mp4")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no whole frames of 64 x 64");
  }

  private Path fragment(int frames) {
    Path file = directory.resolve("fragment.mp4");
    try (FragmentWriter writer = new FragmentWriter(file, SIDE, SIDE, EncoderSettings.DEFAULT)) {
      for (int i = 0; i < frames; i++) {
        writer.write(ByteBuffer.wrap(grey(YOUNG, 1)));
      }
      writer.finish();
    }
    return file;
  }

  private static byte[] grey(int level, int frames) {
    byte[] pixels = new byte[frames * FRAME_BYTES];
    Arrays.fill(pixels, (byte) level);
    return pixels;
  }

  private static List<Double> levels(Path file) {
    List<Double> levels = new ArrayList<>();
    VideoReader.decode(
        file,
        (frame, rgb) -> {
          double sum = 0;
          for (int i = 0; i < FRAME_BYTES; i++) {
            sum += Byte.toUnsignedInt(rgb.get(i));
          }
          levels.add(sum / FRAME_BYTES);
        });
    return levels;
  }
}
