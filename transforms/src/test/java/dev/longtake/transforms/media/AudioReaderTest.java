package dev.longtake.transforms.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;
import static org.bytedeco.ffmpeg.global.avutil.AV_SAMPLE_FMT_FLT;
import static org.bytedeco.ffmpeg.global.avutil.AV_SAMPLE_FMT_FLTP;
import static org.bytedeco.ffmpeg.global.avutil.AV_SAMPLE_FMT_S16;

import dev.longtake.transforms.media.MediaException.Code;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AudioReaderTest {
  private static final int RATE_HZ = AudioReader.SAMPLE_RATE_HZ;

  @TempDir Path directory;

  @ParameterizedTest(name = "{0} Hz, {1} channels")
  @CsvSource({
    "8000, 1",
    "16000, 1",
    "16000, 2",
    "22050, 1",
    "44100, 1",
    "44100, 2",
    "48000, 2",
    "48000, 6",
    "96000, 3",
    "12345, 1"
  })
  void readsWavOfAnyRateAsSixteenKilohertzMono(int rateHz, int channels) throws IOException {
    Path file = sineWav(rateHz, channels, rateHz, 1000);

    float[] samples = AudioReader.readAll(file);

    assertThat(samples.length).isCloseTo(RATE_HZ, within(1));
    // 16-bit rounding is 1.5e-5; the resampler's pass band may wave by as much again, times ten.
    assertThat(largestError(samples, TestSound.sine(1000, RATE_HZ))).isLessThan(3e-4);
  }

  @ParameterizedTest(name = "{0} Hz")
  @CsvSource({"44100", "48000"})
  void passesSpeechAndStopsWhatWouldAlias(int rateHz) throws IOException {
    float[] passed = AudioReader.readAll(sineWav(rateHz, 1, 2 * rateHz, 6900));
    float[] stopped = AudioReader.readAll(sineWav(rateHz, 1, 2 * rateHz, 8300));

    assertThat(decibels(passed)).isCloseTo(0, within(0.1));
    assertThat(decibels(stopped)).isLessThan(-80); // 16-bit input has noise of its own
  }

  @Test
  void takesTheMeanOfTheChannels() throws IOException {
    Path file = sineWav(48_000, 2, 48_000, 1000);
    byte[] bytes = Files.readAllBytes(file);
    for (int at = 44; at < bytes.length; at += 4) { // silence the right channel
      bytes[at + 2] = 0;
      bytes[at + 3] = 0;
    }
    Files.write(file, bytes);

    assertThat(decibels(AudioReader.readAll(file))).isCloseTo(-6.02, within(0.02));
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "mp3, libmp3lame, 44100, 2",
    "flac, flac, 48000, 1",
    "ogg, libopus, 48000, 2",
    "ogg, vorbis, 44100, 2",
    "ipod, aac, 44100, 1",
    "adts, aac, 48000, 2",
    "matroska, flac, 8000, 1"
  })
  void readsCompressedSoundInItsPlace(String muxer, String encoder, int rateHz, int channels)
      throws IOException {
    int format = encoder.equals("flac") ? AV_SAMPLE_FMT_S16 : AV_SAMPLE_FMT_FLTP;
    if (encoder.equals("libopus")) {
      format = AV_SAMPLE_FMT_FLT;
    }
    // A name without meaning: the content alone tells what it is.
    Path file =
        TestSound.encoded(
            directory.resolve("sound.bin"),
            muxer,
            encoder,
            new SoundFormat(rateHz, channels, format),
            2 * rateHz,
            TestSound.click(0.75, rateHz));

    DecodedAudio decoded = AudioReader.read(file, (samples, count) -> {});
    AudioInfo info = AudioReader.probe(file);

    assertThat(info.sampleRateHz()).isEqualTo(rateHz);
    assertThat(info.channels()).isEqualTo(channels);
    assertThat(decoded.packetsDamaged()).isZero();
    // The last frame of a lossy coding is played to its end; bare AAC frames do not say either
    // how much of the first two is the encoder's delay.
    boolean bare = muxer.equals("adts");
    assertThat(decoded.seconds()).isCloseTo(2, within(bare ? 0.065 : 0.025));
    assertThat(loudest(AudioReader.readAll(file)) / (double) RATE_HZ)
        .isCloseTo(0.75, within(bare ? 0.022 : 0.001));
  }

  @Test
  void probesWithoutDecoding() throws IOException {
    AudioInfo info = AudioReader.probe(sineWav(44_100, 2, 22_050, 440));

    assertThat(info.codec()).isEqualTo("pcm_s16le");
    assertThat(info.sampleRateHz()).isEqualTo(44_100);
    assertThat(info.channels()).isEqualTo(2);
    assertThat(info.seconds()).hasValue(0.5);
  }

  @Test
  void streamsInChunksThatDoNotGrowWithTheLength() throws IOException {
    Path file = sineWav(48_000, 1, 48_000 * 60, 440);
    int[] largest = {0};

    DecodedAudio decoded =
        AudioReader.read(file, (samples, count) -> largest[0] = Math.max(largest[0], count));

    assertThat(decoded.samples()).isCloseTo(60L * RATE_HZ, within(1L));
    assertThat(largest[0]).isLessThan(RATE_HZ);
  }

  @Test
  void readsWhatIsThereOfATruncatedFile() throws IOException {
    Path wav = sineWav(48_000, 1, 48_000, 1000);
    Files.write(wav, Arrays.copyOf(Files.readAllBytes(wav), 44 + 48_000));
    Path mp3 =
        TestSound.encoded(
            directory.resolve("a.mp3"),
            "mp3",
            "libmp3lame",
            new SoundFormat(44_100, 1, AV_SAMPLE_FMT_FLTP),
            44_100,
            TestSound.sine(1000, 44_100));
    byte[] bytes = Files.readAllBytes(mp3);
    Files.write(mp3, Arrays.copyOf(bytes, bytes.length / 2));

    assertThat(AudioReader.readAll(wav).length).isCloseTo(RATE_HZ / 2, within(1));
    assertThat(AudioReader.readAll(mp3).length).isBetween(RATE_HZ / 3, RATE_HZ * 2 / 3);
  }

  @Test
  void readsOnWhenTheSoundChangesOnItsWay() throws IOException {
    Path file = directory.resolve("both.aac");
    byte[] stereo = Files.readAllBytes(aac(file, 48_000, 2));
    byte[] mono = Files.readAllBytes(aac(file, 44_100, 1));
    Files.write(file, stereo);
    Files.write(file, mono, StandardOpenOption.APPEND);

    float[] samples = AudioReader.readAll(file);

    assertThat(samples.length / (double) RATE_HZ).isCloseTo(4, within(0.13)); // padding, twice
    assertThat(decibels(Arrays.copyOf(samples, 2 * RATE_HZ))).isCloseTo(0, within(0.2));
    assertThat(decibels(Arrays.copyOfRange(samples, 2 * RATE_HZ, 4 * RATE_HZ)))
        .isCloseTo(0, within(0.2));
  }

  private static Path aac(Path file, int rateHz, int channels) {
    return TestSound.encoded(
        file,
        "adts",
        "aac",
        new SoundFormat(rateHz, channels, AV_SAMPLE_FMT_FLTP),
        2 * rateHz,
        TestSound.sine(1000, rateHz));
  }

  @Test
  void countsDamagedPackets() throws IOException {
    Path flac =
        TestSound.encoded(
            directory.resolve("a.flac"),
            "matroska",
            "flac",
            new SoundFormat(48_000, 1, AV_SAMPLE_FMT_S16),
            480_000,
            TestSound.sine(1000, 48_000));
    byte[] bytes = Files.readAllBytes(flac);
    Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 2000, (byte) 0x55);
    Files.write(flac, bytes);

    assertThat(AudioReader.read(flac, (samples, count) -> {}).packetsDamaged()).isPositive();
  }

  @Test
  void refusesATextFile() throws IOException {
    Path text = Files.writeString(directory.resolve("speech.wav"), "Dear reader,\n".repeat(500));

    MediaException failure = failureOf(text);

    assertThat(failure.code()).isEqualTo(Code.UNREADABLE_AUDIO);
    assertThat(failure).hasMessageContaining("speech.wav").hasMessageContaining("Invalid data");
  }

  @Test
  void refusesFilesWithoutSound() throws IOException {
    Path empty = Files.createFile(directory.resolve("empty.wav"));
    Path header = sineWav(16_000, 1, 0, 1);
    Path picture = TestPictures.png(directory.resolve("picture.wav"), TestPictures.sample());

    assertThat(failureOf(empty).code()).isEqualTo(Code.EMPTY_AUDIO);
    assertThat(failureOf(header).code()).isEqualTo(Code.EMPTY_AUDIO);
    assertThat(failureOf(picture).code()).isEqualTo(Code.NO_AUDIO_STREAM);
    assertThat(failureOf(picture)).hasMessageContaining("png_pipe");
    assertThat(failureOf(directory.resolve("missing.wav")))
        .hasMessageContaining("NoSuchFileException");
    assertThat(failureOf(directory).code()).isEqualTo(Code.UNREADABLE_AUDIO);
  }

  @Test
  void opensNoFileThatAnotherRefersTo() throws IOException {
    Path wav = sineWav(16_000, 1, 16_000, 1000);
    Path hls = directory.resolve("list.m3u8");
    Files.writeString(
        hls, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n%s\n#EXT-X-ENDLIST\n".formatted(wav));
    Path concat = directory.resolve("list.ffconcat");
    Files.writeString(concat, "ffconcat version 1.0\nfile %s\n".formatted(wav.getFileName()));

    assertThat(failureOf(hls).code().isRequestAtFault()).isTrue();
    assertThat(failureOf(concat).code().isRequestAtFault()).isTrue();
  }

  @Test
  void refusesSamplesThatAreNoNumbers() throws IOException {
    Path file = sineWav(16_000, 1, 16_000, 1000);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putShort(20, (short) 3).putInt(28, 64_000).putShort(32, (short) 4);
    bytes.putShort(34, (short) 32).putFloat(44 + 4000, Float.NaN);
    Files.write(file, bytes.array());

    assertThat(failureOf(file)).hasMessageContaining("no finite numbers");
  }

  @Test
  void passesOnWhatTheConsumerThrows() throws IOException {
    Path file = sineWav(16_000, 1, 16_000, 1000);

    assertThatThrownBy(
            () ->
                AudioReader.read(
                    file,
                    (samples, count) -> {
                      throw new IOException("disk full");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("disk full");
  }

  @Test
  void readsNamesThatLookLikeAddresses() throws IOException {
    String name = "http:b %20 100%.wav";
    Path file = TestSound.wav(directory.resolve(name), 16_000, 1, 1600, i -> 0.1);

    assertThat(AudioReader.readAll(file)).hasSize(1600);
  }

  private Path sineWav(int rateHz, int channels, int samples, double hertz) throws IOException {
    return TestSound.wav(
        directory.resolve("sine.wav"), rateHz, channels, samples, TestSound.sine(hertz, rateHz));
  }

  private static MediaException failureOf(Path file) {
    return catchThrowableOfType(MediaException.class, () -> AudioReader.readAll(file));
  }

  /** Leaves out the ends, where the filter reaches beyond the sound. */
  private static double largestError(float[] samples, IntToDoubleFunction expected) {
    double largest = 0;
    for (int i = RATE_HZ / 20; i < samples.length - RATE_HZ / 20; i++) {
      largest = Math.max(largest, Math.abs(samples[i] - expected.applyAsDouble(i)));
    }
    return largest;
  }

  /** Returns the loudness against a sine of 0.5. */
  private static double decibels(float[] samples) {
    double sum = 0;
    int from = samples.length / 4;
    int to = samples.length * 3 / 4;
    for (int i = from; i < to; i++) {
      sum += samples[i] * (double) samples[i];
    }
    return 10 * Math.log10(sum / (to - from) / 0.125);
  }

  private static int loudest(float[] samples) {
    int loudest = 0;
    for (int i = 0; i < samples.length; i++) {
      loudest = Math.abs(samples[i]) > Math.abs(samples[loudest]) ? i : loudest;
    }
    return loudest;
  }
}
