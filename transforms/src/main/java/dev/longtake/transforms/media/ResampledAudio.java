package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avutil.AV_CHANNEL_ORDER_UNSPEC;
import static org.bytedeco.ffmpeg.global.avutil.av_channel_layout_default;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_unref;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set_double;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set_int;
import static org.bytedeco.ffmpeg.global.swresample.SWR_FILTER_TYPE_KAISER;
import static org.bytedeco.ffmpeg.global.swresample.swr_alloc_set_opts2;
import static org.bytedeco.ffmpeg.global.swresample.swr_convert_frame;
import static org.bytedeco.ffmpeg.global.swresample.swr_free;
import static org.bytedeco.ffmpeg.global.swresample.swr_init;
import static org.bytedeco.ffmpeg.global.swresample.swr_set_matrix;

import java.util.Arrays;
import org.bytedeco.ffmpeg.avutil.AVChannelLayout;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.swresample.SwrContext;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * A sound track at another rate, with other channels and another sample format.
 *
 * <p>Our FFmpeg is built without soxr, which the official code uses, so FFmpeg's own resampler is
 * set to do as well as soxr's high quality: a Kaiser window of 128 taps at the lower of the two
 * rates passes 0.88 of its band and stops everything that would alias by more than 100 dB. Its
 * delay is taken out: sample 0 stays sample 0. One channel is the mean of all; more are FFmpeg's
 * own mix.
 */
final class ResampledAudio implements AutoCloseable {
  private static final int FILTER_TAPS = 128;
  private static final double KAISER_BETA = 12;
  private static final double CUTOFF = 0.94;

  private final SoundTrack track;
  private final SoundFormat target;
  private final FfmpegCall calls;
  private final Closing closing = new Closing();
  private final AVFrame converted;
  private final SwrContext resampler = new SwrContext((Pointer) null);
  private @Nullable SoundFormat source;
  private @Nullable AVFrame waiting;

  /** Reads from {@code track}, which stays its owner's. */
  ResampledAudio(SoundTrack track, SoundFormat target) {
    this.track = track;
    this.target = target;
    this.calls = track.calls();
    converted = calls.made(av_frame_alloc(), "av_frame_alloc");
    closing.add(() -> av_frame_free(converted));
    closing.add(() -> swr_free(resampler));
  }

  /** Returns the next samples, valid until the next call, or null at the end. */
  @Nullable AVFrame next() {
    while (true) {
      AVFrame frame = waiting != null ? waiting : track.next();
      waiting = null;
      if (frame == null) {
        return drain();
      }
      nameChannels(frame.ch_layout());
      if (source != null && !source.equals(SoundFormat.of(frame))) {
        AVFrame rest = drain(); // the track changes on its way; what it was comes out first
        if (rest != null) {
          waiting = frame;
          return rest;
        }
        source = null;
      }
      if (source == null) {
        source = configure(frame);
      }
      if (convert(frame).nb_samples() > 0) {
        return converted;
      }
    }
  }

  /** Plain WAV only counts its channels, and the resampler takes a count for another layout. */
  private static void nameChannels(AVChannelLayout layout) {
    if (layout.order() == AV_CHANNEL_ORDER_UNSPEC) {
      av_channel_layout_default(layout, layout.nb_channels());
    }
  }

  private @Nullable AVFrame drain() {
    return source != null && convert(null).nb_samples() > 0 ? converted : null;
  }

  private AVFrame convert(@Nullable AVFrame frame) {
    prepareConverted();
    calls.check(swr_convert_frame(resampler, converted, frame), "swr_convert_frame");
    return converted;
  }

  private void prepareConverted() {
    av_frame_unref(converted);
    converted.format(target.sampleFormat());
    converted.sample_rate(target.sampleRateHz());
    av_channel_layout_default(converted.ch_layout(), target.channels());
  }

  private SoundFormat configure(AVFrame frame) {
    SoundFormat format = SoundFormat.of(frame);
    swr_free(resampler);
    prepareConverted();
    calls.check(
        swr_alloc_set_opts2(
            resampler,
            converted.ch_layout(),
            target.sampleFormat(),
            target.sampleRateHz(),
            frame.ch_layout(),
            format.sampleFormat(),
            format.sampleRateHz(),
            0,
            null),
        "swr_alloc_set_opts2");
    set("filter_size", FILTER_TAPS);
    set("filter_type", SWR_FILTER_TYPE_KAISER);
    calls.check(av_opt_set_double(resampler, "kaiser_beta", KAISER_BETA, 0), "av_opt_set_double");
    calls.check(av_opt_set_double(resampler, "cutoff", CUTOFF, 0), "av_opt_set_double");
    calls.check(av_opt_set_double(resampler, "rematrix_maxval", 1, 0), "av_opt_set_double");
    if (target.channels() == 1) {
      double[] mean = new double[format.channels()];
      Arrays.fill(mean, 1.0 / format.channels());
      calls.check(swr_set_matrix(resampler, mean, format.channels()), "swr_set_matrix");
    }
    calls.check(swr_init(resampler), "swr_init");
    return format;
  }

  private void set(String option, long value) {
    calls.check(av_opt_set_int(resampler, option, value, 0), "av_opt_set_int " + option);
  }

  @Override
  public void close() {
    closing.close();
  }
}
