package dev.longtake.transforms.media;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.bytedeco.ffmpeg.global.avutil.AVCHROMA_LOC_LEFT;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_PRI_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_MPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;

import dev.longtake.transforms.media.MediaException.Code;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FragmentWriterTest {
  private static final int SIZE = TestFrames.SIZE;

  @TempDir Path directory;

  @ParameterizedTest(name = "{0} frames, {1} key frames")
  @CsvSource({"1, 1", "48, 1", "120, 3"})
  void showsFrameKAtKTimesFortyMilliseconds(int frames, int keyFrames) {
    Path file = TestFrames.fragment(directory.resolve("a.mp4"), 0, frames, EncoderSettings.DEFAULT);

    VideoInfo info = VideoReader.probe(file);

    assertThat(info.codec()).isEqualTo("h264");
    assertThat(info.framesPerSecond()).isEqualTo(25);
    assertThat(info.seconds()).isCloseTo(frames / 25.0, within(1e-9));
    assertThat(info.width()).isEqualTo(SIZE);
    assertThat(info.frameMicros())
        .isEqualTo(LongStream.range(0, frames).mapToObj(k -> 40_000 * k).toList());
    assertThat(info.keyFrames()).isEqualTo(keyFrames);
    assertThat(info.audio()).isEmpty();
  }

  @Test
  void givesTheSameBytesForTheSameFrames() throws IOException {
    Path one = TestFrames.fragment(directory.resolve("1.mp4"), 0, 60, EncoderSettings.DEFAULT);
    Path two = TestFrames.fragment(directory.resolve("2.mp4"), 0, 60, EncoderSettings.DEFAULT);

    assertThat(two).hasSameBinaryContentAs(one);
    assertThat(new String(Files.readAllBytes(one), ISO_8859_1))
        .doesNotContain("Lav"); // no version of a library
  }

  @Test
  void saysWhatItsColoursMean() {
    Path file = TestFrames.fragment(directory.resolve("a.mp4"), 0, 3, EncoderSettings.DEFAULT);

    try (MediaInput input = new MediaInput(file, Code.UNREADABLE_VIDEO)) {
      input.findStreamInfo();
      AVCodecParameters parameters = input.bestStream(AVMEDIA_TYPE_VIDEO).codecpar();
      assertThat(parameters.format()).isEqualTo(AV_PIX_FMT_YUV420P);
      assertThat(parameters.color_range()).isEqualTo(AVCOL_RANGE_MPEG);
      assertThat(parameters.color_space()).isEqualTo(AVCOL_SPC_BT709);
      assertThat(parameters.color_primaries()).isEqualTo(AVCOL_PRI_BT709);
      assertThat(parameters.chroma_location()).isEqualTo(AVCHROMA_LOC_LEFT);
      assertThat(parameters.video_delay()).isZero(); // no B-frames
    }
  }

  @Test
  void keepsColours() {
    int[] colours = {0xFF0000, 0x00FF00, 0x0000FF, 0xFFFFFF, 0x000000, 0x808080, 0xC8966E};
    for (int colour : colours) {
      ByteBuffer frame = ByteBuffer.allocate(3 * SIZE * SIZE);
      while (frame.hasRemaining()) {
        frame.put((byte) (colour >> 16)).put((byte) (colour >> 8)).put((byte) colour);
      }
      Path file = directory.resolve("flat.mp4");
      try (FragmentWriter writer =
          new FragmentWriter(file, SIZE, SIZE, new EncoderSettings(12, 50))) {
        writer.write(frame.flip());
        writer.finish();
      }

      // Limited range and the quantizer cost two levels of 255 each at most.
      VideoReader.decode(
          file,
          (index, rgb) -> {
            assertThat(Byte.toUnsignedInt(rgb.get(600))).isCloseTo(colour >> 16, within(4));
            assertThat(Byte.toUnsignedInt(rgb.get(601))).isCloseTo(colour >> 8 & 255, within(4));
            assertThat(Byte.toUnsignedInt(rgb.get(602))).isCloseTo(colour & 255, within(4));
          });
    }
  }

  @Test
  void looksBetterWithALowerQuantizer() throws IOException {
    double[] error = new double[2];
    long[] bytes = new long[2];
    int[] quantizers = {14, 34};
    for (int i = 0; i < 2; i++) {
      int at = i;
      Path file = directory.resolve("q.mp4");
      TestFrames.fragment(file, 0, 25, new EncoderSettings(quantizers[i], 50));
      VideoReader.decode(file, (index, rgb) -> error[at] += squaredError(rgb, index));
      bytes[i] = Files.size(file);
    }

    assertThat(error[0]).isLessThan(error[1] / 2);
    assertThat(bytes[0]).isGreaterThan(2 * bytes[1]);
  }

  private static double squaredError(ByteBuffer decoded, int index) {
    ByteBuffer original = TestFrames.frame(index, SIZE, SIZE);
    double sum = 0;
    for (int i = 0; i < original.remaining(); i += 3) {
      sum += Math.pow(brightness(original, i) - brightness(decoded, i), 2);
    }
    return sum;
  }

  /** Colour is stored at half the size, which no quantizer makes good; brightness is not. */
  private static double brightness(ByteBuffer rgb, int at) {
    return 0.2126 * Byte.toUnsignedInt(rgb.get(at))
        + 0.7152 * Byte.toUnsignedInt(rgb.get(at + 1))
        + 0.0722 * Byte.toUnsignedInt(rgb.get(at + 2));
  }

  @Test
  void takesFramesFromAnyPlaceInABufferAndLeavesItAsItWas() {
    ByteBuffer frame = TestFrames.frame(7, SIZE, SIZE);
    ByteBuffer direct = ByteBuffer.allocateDirect(frame.remaining() + 20).position(20);
    direct.put(frame.duplicate()).position(20);
    Path one = directory.resolve("1.mp4");
    Path two = directory.resolve("2.mp4");
    for (Path file : new Path[] {one, two}) {
      try (FragmentWriter writer = new FragmentWriter(file, SIZE, SIZE, EncoderSettings.DEFAULT)) {
        writer.write(file.equals(one) ? frame : direct);
        assertThat(writer.frames()).isEqualTo(1);
        writer.finish();
      }
    }

    assertThat(direct.position()).isEqualTo(20);
    assertThat(two).hasSameBinaryContentAs(one);
  }

  @Test
  void leavesNothingReadableUnlessFinished() {
    Path file = directory.resolve("a.mp4");
    try (FragmentWriter writer = new FragmentWriter(file, SIZE, SIZE, EncoderSettings.DEFAULT)) {
      writer.write(TestFrames.frame(0, SIZE, SIZE));
    }

    assertThatThrownBy(() -> VideoReader.probe(file)).isInstanceOf(MediaException.class);
  }

  @Test
  void refusesWrongUse() {
    Path file = directory.resolve("a.mp4");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FragmentWriter(file, 60, 64, EncoderSettings.DEFAULT))
        .withMessageContaining("multiples of 16");
    assertThatIllegalArgumentException().isThrownBy(() -> new EncoderSettings(5, 50));
    try (FragmentWriter writer = new FragmentWriter(file, SIZE, SIZE, EncoderSettings.DEFAULT)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.write(ByteBuffer.allocate(100)))
          .withMessageContaining("12288 bytes, but 100");
      assertThatIllegalStateException().isThrownBy(writer::finish);
    }
    assertThatThrownBy(
            () ->
                new FragmentWriter(
                    directory.resolve("no/such/a.mp4"), 64, 64, EncoderSettings.DEFAULT))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("avio_open2")
        .hasMessageContaining("No such file or directory");
  }

  @Test
  void detectsDamage() throws IOException {
    Path file = TestFrames.fragment(directory.resolve("a.mp4"), 0, 48, EncoderSettings.DEFAULT);
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), (int) Files.size(file) / 2));

    assertThatThrownBy(() -> VideoReader.decode(file, (index, rgb) -> {}))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("a.mp4");
  }
}
