package dev.longtake.transforms.media;

import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * How samples are laid out.
 *
 * @param sampleRateHz samples a second of each channel
 * @param channels number of channels
 * @param sampleFormat one of FFmpeg's {@code AV_SAMPLE_FMT_*}
 */
record SoundFormat(int sampleRateHz, int channels, int sampleFormat) {
  /** Returns the format of a decoded frame. */
  static SoundFormat of(AVFrame frame) {
    return new SoundFormat(frame.sample_rate(), frame.ch_layout().nb_channels(), frame.format());
  }
}
