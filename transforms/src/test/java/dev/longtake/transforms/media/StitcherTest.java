package dev.longtake.transforms.media;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.transforms.media.MediaException.Code;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StitcherTest {
  private static final int AAC_FRAME_SAMPLES = 1024;

  @TempDir Path directory;

  /** The caller's frame counts are rounded down from the sound's length. */
  @ParameterizedTest(name = "{0} s, {1} Hz, {2} channels")
  @CsvSource({
    "0.4, 8000, 1, 8000",
    "0.4, 48000, 2, 48000",
    "7.3, 44100, 2, 44100",
    "7.3, 12345, 1, 48000",
    "7.3, 22050, 6, 22050",
    "61, 48000, 2, 48000",
    "61.03, 16000, 1, 16000"
  })
  void joinsFramesAndSoundExactly(double seconds, int rateHz, int channels, int outputRateHz)
      throws IOException {
    int samples = (int) Math.round(seconds * rateHz);
    int frames = (int) Math.floor(seconds * 25 + 1e-9);
    Path sound = wav(rateHz, channels, samples, seconds / 2);
    List<Path> fragments = TestFrames.fragments(directory, frames);
    Path output = directory.resolve("video.mp4");

    StitchedVideo stitched = Stitcher.stitch(fragments, sound, output);

    VideoInfo info = VideoReader.probe(output);
    assertThat(stitched.frames()).isEqualTo(frames);
    assertThat(info.frameMicros())
        .isEqualTo(LongStream.range(0, frames).mapToObj(k -> 40_000 * k).toList());
    assertThat(info.framesPerSecond()).isEqualTo(25);
    assertThat(info.seconds()).isCloseTo(frames / 25.0, within(1e-6));
    AudioInfo audio = info.audio().orElseThrow();
    assertThat(audio.codec()).isEqualTo("aac");
    assertThat(audio.sampleRateHz()).isEqualTo(outputRateHz);
    assertThat(audio.channels()).isEqualTo(Math.min(2, channels));
    assertThat(stitched.audioSeconds()).isBetween(frames / 25.0, frames / 25.0 + 0.04);
    assertThat(Math.abs(audio.seconds().orElseThrow() - info.seconds())).isLessThan(0.04);
    assertThat(TestFrames.checksums(output)).isEqualTo(checksums(fragments));

    float[] heard = AudioReader.readAll(output);
    assertLength(heard, stitched);
    assertThat(onset(heard) / 16_000.0).isCloseTo(seconds / 2, within(0.001));
  }

  @ParameterizedTest(name = "sound of {0} s for 2 s of frames lasts {1} s")
  @CsvSource({"0.5, 2", "1.99, 2", "2, 2", "2.03, 2.03", "2.04, 2", "9, 2"})
  void cutsOrFillsTheSoundToTheFrames(double soundSeconds, double expectedSeconds)
      throws IOException {
    Path sound = wav(48_000, 2, (int) Math.round(48_000 * soundSeconds), 0.25);

    StitchedVideo stitched =
        Stitcher.stitch(TestFrames.fragments(directory, 50), sound, directory.resolve("video.mp4"));

    assertThat(stitched.audioSeconds()).isCloseTo(expectedSeconds, within(1e-9));
    assertLength(AudioReader.readAll(directory.resolve("video.mp4")), stitched);
  }

  /** FFmpeg decodes the last packet to its end, though the file says where the sound ends. */
  private static void assertLength(float[] heard, StitchedVideo stitched) {
    double padding = (double) AAC_FRAME_SAMPLES / stitched.audioRateHz();
    assertThat(heard.length / 16_000.0 - stitched.audioSeconds()).isBetween(-1e-4, padding);
  }

  @Test
  void soundEndsWhereItEndsAndSilenceFollows() throws IOException {
    Path sound =
        TestSound.wav(directory.resolve("a.wav"), 48_000, 1, 48_000, TestSound.sine(500, 48_000));

    Stitcher.stitch(TestFrames.fragments(directory, 50), sound, directory.resolve("video.mp4"));

    float[] heard = AudioReader.readAll(directory.resolve("video.mp4"));
    assertThat(loudness(heard, 0, 15_000)).isGreaterThan(0.3);
    assertThat(loudness(heard, 17_000, 32_000)).isLessThan(0.01);
  }

  @Test
  void givesTheSameBytesForTheSameInputs() throws IOException {
    Path sound = wav(44_100, 2, 4 * 44_100, 1);
    List<Path> fragments = TestFrames.fragments(directory, 100);
    Path one = directory.resolve("1.mp4");
    Path two = directory.resolve("2.mp4");

    Stitcher.stitch(fragments, sound, one);
    Stitcher.stitch(fragments, sound, two);

    assertThat(two).hasSameBinaryContentAs(one);
    String bytes = new String(Files.readAllBytes(one), ISO_8859_1);
    assertThat(bytes).doesNotContain("Lavf").doesNotContain("Lavc");
    assertThat(bytes.indexOf("moov"))
        .isLessThan(bytes.indexOf("mdat")); // starts before it is there
  }

  @Test
  void letsSoundBeginWithTheFirstFrame() throws IOException {
    Path sound = wav(48_000, 1, 48_000, 0.5);
    Path output = directory.resolve("video.mp4");

    Stitcher.stitch(TestFrames.fragments(directory, 25), sound, output);

    // Two edit lists of one entry each: the picture from 0, the sound behind the encoder's delay.
    byte[] bytes = Files.readAllBytes(output);
    List<Integer> starts = new ArrayList<>();
    String text = new String(bytes, ISO_8859_1);
    for (int at = text.indexOf("elst"); at >= 0; at = text.indexOf("elst", at + 1)) {
      ByteBuffer list = ByteBuffer.wrap(bytes, at + 4, 20);
      list.getInt();
      assertThat(list.getInt()).isEqualTo(1);
      list.getInt();
      starts.add(list.getInt());
    }
    assertThat(starts).containsExactly(0, AAC_FRAME_SAMPLES);
  }

  @Test
  void takesTheSoundOfAVideo() throws IOException {
    Path sound = wav(48_000, 2, 96_000, 0.6);
    Path first = directory.resolve("first.mp4");
    Path second = directory.resolve("second.mp4");
    List<Path> fragments = TestFrames.fragments(directory, 50);

    Stitcher.stitch(fragments, sound, first);
    Stitcher.stitch(fragments, first, second);

    assertThat(onset(AudioReader.readAll(second)) / 16_000.0).isCloseTo(0.6, within(0.001));
  }

  @Test
  void refusesFragmentsThatDoNotFitTogether() throws IOException {
    Path sound = wav(48_000, 1, 48_000, 0.1);
    Path small = TestFrames.fragment(directory.resolve("a.mp4"), 0, 5, EncoderSettings.DEFAULT);
    Path large = directory.resolve("b.mp4");
    try (FragmentWriter writer = new FragmentWriter(large, 128, 64, EncoderSettings.DEFAULT)) {
      writer.write(TestFrames.frame(0, 128, 64));
      writer.finish();
    }

    assertThatThrownBy(
            () -> Stitcher.stitch(List.of(small, large), sound, directory.resolve("v.mp4")))
        .isInstanceOf(MediaException.class)
        .hasMessageContaining("b.mp4")
        .hasMessageContaining("128 x 64")
        .hasMessageContaining("64 x 64");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Stitcher.stitch(List.of(), sound, directory.resolve("v.mp4")));
  }

  @Test
  void refusesDamagedFragmentsAndSound() throws IOException {
    Path sound = wav(48_000, 1, 48_000, 0.1);
    Path fragment = TestFrames.fragment(directory.resolve("a.mp4"), 0, 48, EncoderSettings.DEFAULT);
    Path cut = directory.resolve("cut.mp4");
    Files.write(cut, Arrays.copyOf(Files.readAllBytes(fragment), (int) Files.size(fragment) / 2));
    Path text = Files.writeString(directory.resolve("text.wav"), "text\n".repeat(1000));
    Path output = directory.resolve("v.mp4");

    assertThat(failure(List.of(fragment, cut), sound, output)).isEqualTo(Code.UNREADABLE_VIDEO);
    assertThat(failure(List.of(fragment, text), sound, output)).isEqualTo(Code.UNREADABLE_VIDEO);
    assertThat(failure(List.of(fragment), text, output)).isEqualTo(Code.UNREADABLE_AUDIO);
    assertThat(failure(List.of(fragment), sound, directory.resolve("no/v.mp4")))
        .isEqualTo(Code.UNWRITABLE);
  }

  private static Code failure(List<Path> fragments, Path sound, Path output) {
    try {
      Stitcher.stitch(fragments, sound, output);
    } catch (MediaException e) {
      return e.code();
    }
    throw new AssertionError("nothing failed");
  }

  private Path wav(int rateHz, int channels, int samples, double clickSeconds) throws IOException {
    return TestSound.wav(
        directory.resolve("sound.wav"),
        rateHz,
        channels,
        samples,
        TestSound.click(clickSeconds, rateHz));
  }

  private static List<Long> checksums(List<Path> fragments) {
    List<Long> checksums = new ArrayList<>();
    fragments.forEach(fragment -> checksums.addAll(TestFrames.checksums(fragment)));
    return checksums;
  }

  /** Returns where sound first reaches half its peak. */
  private static int onset(float[] samples) {
    float peak = 0;
    for (float sample : samples) {
      peak = Math.max(peak, Math.abs(sample));
    }
    int onset = 0;
    while (Math.abs(samples[onset]) < peak / 2) {
      onset++;
    }
    return onset;
  }

  private static double loudness(float[] samples, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += samples[i] * (double) samples[i];
    }
    return Math.sqrt(sum / (to - from));
  }
}
