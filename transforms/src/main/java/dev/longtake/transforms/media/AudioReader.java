package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avutil.AV_SAMPLE_FMT_FLT;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Reads the sound of any file that FFmpeg decodes, at any rate and with any number of channels, as
 * 16 kHz mono.
 *
 * <p>The mono signal is the mean of the channels. The rate is changed by FFmpeg's own resampler,
 * see {@link ResampledAudio}. A damaged file is read as far as it goes. The first sample of the
 * track is sample 0, whatever timestamp it has.
 */
public final class AudioReader {
  /** Samples a second of what is read. */
  public static final int SAMPLE_RATE_HZ = 16_000;

  private AudioReader() {}

  /**
   * Looks at a file's sound track without decoding it all.
   *
   * @throws MediaException UNREADABLE_AUDIO, NO_AUDIO_STREAM or EMPTY_AUDIO
   */
  public static AudioInfo probe(Path file) {
    try (SoundTrack track = new SoundTrack(file)) {
      return track.info();
    }
  }

  /**
   * Decodes a file's sound track; the memory that it takes does not depend on the length.
   *
   * @param file any file with a sound track, videos included
   * @param consumer takes the samples, in order
   * @throws MediaException UNREADABLE_AUDIO, NO_AUDIO_STREAM or EMPTY_AUDIO
   * @throws IOException if {@code consumer} does
   */
  public static DecodedAudio read(Path file, SampleConsumer consumer) throws IOException {
    try (SoundTrack track = new SoundTrack(file);
        ResampledAudio audio =
            new ResampledAudio(track, new SoundFormat(SAMPLE_RATE_HZ, 1, AV_SAMPLE_FMT_FLT))) {
      float[] samples = new float[0];
      long total = 0;
      for (AVFrame frame = audio.next(); frame != null; frame = audio.next()) {
        int count = frame.nb_samples();
        if (samples.length < count) {
          samples = new float[count];
        }
        new FloatPointer(frame.data(0)).get(samples, 0, count);
        requireFinite(file, samples, count);
        consumer.accept(samples, count);
        total += count;
      }
      return new DecodedAudio(total, track.packetsDamaged());
    }
  }

  /**
   * Decodes a file's sound track into one array; for short files.
   *
   * @return float [samples]
   * @throws MediaException as {@link #read}; and UNREADABLE_AUDIO beyond 37 hours
   */
  public static float[] readAll(Path file) {
    float[][] all = {new float[SAMPLE_RATE_HZ]};
    int[] filled = {0};
    try {
      read(
          file,
          (samples, count) -> {
            int end = Math.addExact(filled[0], count);
            if (end > all[0].length) {
              all[0] = Arrays.copyOf(all[0], (int) Math.min(Integer.MAX_VALUE - 8L, 2L * end));
            }
            System.arraycopy(samples, 0, all[0], filled[0], count);
            filled[0] = end;
          });
    } catch (ArithmeticException e) {
      throw new MediaException(
          MediaException.Code.UNREADABLE_AUDIO, "%s is longer than 37 hours.".formatted(file));
    } catch (IOException e) {
      throw new AssertionError("an array takes everything", e);
    }
    return Arrays.copyOf(all[0], filled[0]);
  }

  private static void requireFinite(Path file, float[] samples, int count) {
    for (int i = 0; i < count; i++) {
      if (!Float.isFinite(samples[i])) {
        throw new MediaException(
            MediaException.Code.UNREADABLE_AUDIO,
            "%s has samples that are no finite numbers.".formatted(file));
      }
    }
  }
}
