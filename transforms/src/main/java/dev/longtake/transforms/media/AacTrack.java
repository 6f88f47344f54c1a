package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_BITEXACT;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_GLOBAL_HEADER;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_AAC;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PROFILE_AAC_LOW;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_encoder;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_free;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_from_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_packet;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_frame;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EAGAIN;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AV_SAMPLE_FMT_FLTP;
import static org.bytedeco.ffmpeg.global.avutil.av_audio_fifo_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_audio_fifo_free;
import static org.bytedeco.ffmpeg.global.avutil.av_audio_fifo_read;
import static org.bytedeco.ffmpeg.global.avutil.av_audio_fifo_size;
import static org.bytedeco.ffmpeg.global.avutil.av_audio_fifo_write;
import static org.bytedeco.ffmpeg.global.avutil.av_channel_layout_default;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_unref;
import static org.bytedeco.ffmpeg.global.avutil.av_samples_set_silence;

import java.nio.file.Path;
import java.util.Set;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVAudioFifo;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.jspecify.annotations.Nullable;

/**
 * A file's sound track as AAC packets, as long as a video.
 *
 * <p>Mono stays mono, everything else becomes stereo; a rate that AAC has stays, others become 48
 * kHz. Sound that is too short is followed by silence. Sound that is too long is cut where the
 * video ends, unless it is too long by less than a frame, which stays. Owns the open file and the
 * encoder.
 */
final class AacTrack implements AutoCloseable {
  private static final int BITS_PER_SECOND_AND_CHANNEL = 96_000;
  private static final int DEFAULT_RATE_HZ = 48_000;
  private static final Set<Integer> RATES_HZ =
      Set.of(
          96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025,
          8_000);

  private final Closing closing = new Closing();
  private final FfmpegCall calls;
  private final ResampledAudio audio;
  private final AVCodecContext context;
  private final AVCodecParameters parameters;
  private final AVAudioFifo queue;
  private final AVFrame frame;
  private final AVPacket packet;
  private final long leastSamples;
  private final long mostSamples;
  private long samplesSent;
  private long samplesRead;
  private boolean sourceEnded;
  private boolean sourceTooLong;

  /**
   * Opens the sound of a video.
   *
   * @param videoFrames the video's length
   */
  AacTrack(Path file, long videoFrames) {
    try {
      SoundTrack track = new SoundTrack(file);
      closing.add(track::close);
      calls = new FfmpegCall(file, MediaException.Code.LIBRARY);
      AudioInfo info = track.info();
      int rateHz = RATES_HZ.contains(info.sampleRateHz()) ? info.sampleRateHz() : DEFAULT_RATE_HZ;
      int channels = Math.min(info.channels(), 2);
      audio = new ResampledAudio(track, new SoundFormat(rateHz, channels, AV_SAMPLE_FMT_FLTP));
      closing.add(audio::close);
      long samplesPerFrame = rateHz / EncoderSettings.FRAMES_PER_SECOND; // no rate leaves a rest
      leastSamples = videoFrames * samplesPerFrame;
      mostSamples = leastSamples + samplesPerFrame - 1;
      AVCodec codec = calls.made(avcodec_find_encoder(AV_CODEC_ID_AAC), "avcodec_find_encoder aac");
      context = calls.made(avcodec_alloc_context3(codec), "avcodec_alloc_context3");
      closing.add(() -> avcodec_free_context(context));
      open(codec, rateHz, channels);
      parameters = calls.made(avcodec_parameters_alloc(), "avcodec_parameters_alloc");
      closing.add(() -> avcodec_parameters_free(parameters));
      calls.check(
          avcodec_parameters_from_context(parameters, context), "avcodec_parameters_from_context");
      queue =
          calls.made(
              av_audio_fifo_alloc(AV_SAMPLE_FMT_FLTP, channels, context.frame_size()),
              "av_audio_fifo_alloc");
      closing.add(() -> av_audio_fifo_free(queue));
      frame = calls.made(av_frame_alloc(), "av_frame_alloc");
      closing.add(() -> av_frame_free(frame));
      packet = calls.made(av_packet_alloc(), "av_packet_alloc");
      closing.add(() -> av_packet_free(packet));
    } catch (RuntimeException e) {
      closing.close();
      throw e;
    }
  }

  private void open(AVCodec codec, int rateHz, int channels) {
    context.sample_fmt(AV_SAMPLE_FMT_FLTP);
    context.sample_rate(rateHz);
    av_channel_layout_default(context.ch_layout(), channels);
    context.time_base().num(1).den(rateHz);
    context.bit_rate((long) BITS_PER_SECOND_AND_CHANNEL * channels);
    context.profile(AV_PROFILE_AAC_LOW);
    context.thread_count(1);
    context.flags(context.flags() | AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT);
    calls.check(avcodec_open2(context, codec, (AVDictionary) null), "avcodec_open2 aac");
  }

  /** Returns what the packets are; owned by this. */
  AVCodecParameters parameters() {
    return parameters;
  }

  /** Returns the samples a second of each channel; the unit of the packets' times is a sample. */
  int sampleRateHz() {
    return context.sample_rate();
  }

  /** Returns the samples of each channel that went into the packets so far. */
  long samples() {
    return samplesSent;
  }

  /** Returns the next packet, valid until the next call, or null at the end. */
  @Nullable AVPacket next() {
    while (true) {
      int code = avcodec_receive_packet(context, packet);
      if (code >= 0) {
        return packet;
      }
      if (code == AVERROR_EOF) {
        return null;
      }
      if (code != AVERROR_EAGAIN()) {
        calls.check(code, "avcodec_receive_packet aac");
      }
      sendFrame();
    }
  }

  private void sendFrame() {
    fillQueue();
    long end = Math.max(leastSamples, sourceTooLong ? leastSamples : samplesRead);
    int count = (int) Math.min(context.frame_size(), end - samplesSent);
    if (sourceEnded && count <= 0) {
      calls.check(avcodec_send_frame(context, null), "avcodec_send_frame aac");
      return;
    }
    av_frame_unref(frame);
    frame.nb_samples(count);
    frame.format(AV_SAMPLE_FMT_FLTP);
    frame.sample_rate(context.sample_rate());
    av_channel_layout_default(frame.ch_layout(), context.ch_layout().nb_channels());
    calls.check(av_frame_get_buffer(frame, 0), "av_frame_get_buffer");
    int read = Math.min(count, av_audio_fifo_size(queue));
    calls.check(av_audio_fifo_read(queue, frame.extended_data(), read), "av_audio_fifo_read");
    calls.check(
        av_samples_set_silence(
            frame.extended_data(),
            read,
            count - read,
            context.ch_layout().nb_channels(),
            AV_SAMPLE_FMT_FLTP),
        "av_samples_set_silence");
    frame.pts(samplesSent);
    samplesSent += count;
    calls.check(avcodec_send_frame(context, frame), "avcodec_send_frame aac");
  }

  /** Reads until a frame and what decides about the end are in the queue, or there is no more. */
  private void fillQueue() {
    // The last frame's size depends on whether the sound ends within a video frame of the end.
    long wanted = samplesSent + context.frame_size();
    if (wanted > leastSamples) {
      wanted = mostSamples + 1;
    }
    while (!sourceEnded && samplesRead < wanted) {
      AVFrame read = audio.next();
      if (read == null) {
        sourceEnded = true;
        return;
      }
      calls.check(
          av_audio_fifo_write(queue, read.extended_data(), read.nb_samples()),
          "av_audio_fifo_write");
      samplesRead += read.nb_samples();
      if (samplesRead > mostSamples) {
        sourceTooLong = true;
        sourceEnded = true;
      }
    }
  }

  @Override
  public void close() {
    closing.close();
  }
}
