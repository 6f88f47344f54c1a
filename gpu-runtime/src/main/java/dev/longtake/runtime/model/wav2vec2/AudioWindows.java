package dev.longtake.runtime.model.wav2vec2;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.api.InvalidRequestException;
import java.util.ArrayList;
import java.util.List;

/**
 * Which parts of a speech file are encoded together, and which frames of each part are kept.
 *
 * <p>The encoder attends from every frame to every frame, so its cost grows with the square of the
 * length. Up to a minute a file is encoded whole, like the official code does at any length. Beyond
 * that, windows of at most a minute overlap, and of each only the frames that have ten seconds on
 * either side are kept (or reach to the file's own end). A window starts at a multiple of the
 * encoder's stride, so a frame sees the same samples in a window and in the file; only what
 * attention finds farther away is missing.
 *
 * <p>Deviation from the whole-file result, as ‖a−b‖/‖b‖ of all frames in the worst layer, in fp32
 * on {@code CpuOps}, for 88 s of speech (the demo's four recordings joined) in three windows:
 *
 * <ul>
 *   <li>before the first attention: below 1e-7, which is rounding;
 *   <li>after it, with the random weights of the golden bundles: 0.061 (small) and 0.018 (medium).
 *       Random attention looks at everything alike, and longer margins do not help it;
 *   <li>the demo model: 0. That shows nothing, because its attention is switched off: the output
 *       projections are all zero.
 * </ul>
 *
 * <p>The released XLSR weights have not been measured. Where the official values matter, use {@link
 * #wholeFile}.
 *
 * @param frames frames of the whole file
 * @param windows in order; the frames that they keep follow one another without gap or overlap
 */
public record AudioWindows(int frames, List<Window> windows) {
  private static final int LONGEST_SECONDS = 60;
  private static final int MARGIN_SECONDS = 10;

  /**
   * Frames that are encoded together.
   *
   * @param firstSample where the window starts in the file
   * @param samples how many samples it has
   * @param skippedFrames frames at its start that are not kept
   * @param firstFrame index in the file of the first frame that is kept
   * @param frames how many are kept
   */
  public record Window(
      int firstSample, int samples, int skippedFrames, int firstFrame, int frames) {}

  /** Copies the list. */
  public AudioWindows {
    windows = List.copyOf(windows);
  }

  /**
   * Returns the windows for rendering: one up to a minute, several beyond.
   *
   * @param samples length of the file
   * @throws InvalidRequestException if the file is too short for two frames
   */
  public static AudioWindows of(Wav2Vec2Config config, int samples) {
    return of(
        config,
        samples,
        config.frames(LONGEST_SECONDS * FeatureTiming.SAMPLE_RATE_HZ),
        MARGIN_SECONDS * FeatureTiming.SAMPLE_RATE_HZ / config.strideSamples());
  }

  /**
   * Returns a single window over the whole file, however long: the official result.
   *
   * @param samples length of the file
   * @throws InvalidRequestException if the file is too short for two frames
   */
  public static AudioWindows wholeFile(Wav2Vec2Config config, int samples) {
    int frames = frames(config, samples);
    return new AudioWindows(frames, List.of(window(config, frames, 0, frames, 0)));
  }

  /**
   * Returns windows of a chosen length.
   *
   * @param longestFrames most frames to encode together
   * @param marginFrames frames to encode and drop on either side of those that are kept
   */
  static AudioWindows of(Wav2Vec2Config config, int samples, int longestFrames, int marginFrames) {
    int keptFrames = longestFrames - 2 * marginFrames;
    checkArgument(
        marginFrames >= 0 && keptFrames > 0,
        "%s frames leave none between two margins of %s",
        longestFrames,
        marginFrames);
    int frames = frames(config, samples);
    if (frames <= longestFrames) {
      return wholeFile(config, samples);
    }
    int count = (frames + keptFrames - 1) / keptFrames;
    List<Window> windows = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int first = (int) ((long) frames * i / count);
      int end = (int) ((long) frames * (i + 1) / count);
      windows.add(window(config, frames, first, end, marginFrames));
    }
    return new AudioWindows(frames, windows);
  }

  private static Window window(
      Wav2Vec2Config config, int frames, int first, int end, int marginFrames) {
    int firstEncoded = Math.max(0, first - marginFrames);
    int endEncoded = Math.min(frames, end + marginFrames);
    return new Window(
        firstEncoded * config.strideSamples(),
        config.samples(endEncoded - firstEncoded),
        first - firstEncoded,
        first,
        end - first);
  }

  private static int frames(Wav2Vec2Config config, int samples) {
    int frames = config.frames(samples);
    if (frames < FeatureTiming.FEWEST_FRAMES) {
      throw new InvalidRequestException(
          "The speech has %d samples, %.3f s; the encoder needs at least %d, %.3f s. Record more."
              .formatted(
                  samples,
                  seconds(samples),
                  config.samples(FeatureTiming.FEWEST_FRAMES),
                  seconds(config.samples(FeatureTiming.FEWEST_FRAMES))));
    }
    return frames;
  }

  private static double seconds(int samples) {
    return samples / (double) FeatureTiming.SAMPLE_RATE_HZ;
  }
}
