package dev.longtake.transforms.media;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_GLOBAL_HEADER;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_rescale_ts;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_encoder_by_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_from_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_packet;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_frame;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_WRITE;
import static org.bytedeco.ffmpeg.global.avformat.av_interleaved_write_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_write_trailer;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_output_context2;
import static org.bytedeco.ffmpeg.global.avformat.avformat_free_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_new_stream;
import static org.bytedeco.ffmpeg.global.avformat.avformat_write_header;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open2;
import static org.bytedeco.ffmpeg.global.avutil.AV_SAMPLE_FMT_S16;
import static org.bytedeco.ffmpeg.global.avutil.av_channel_layout_default;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_unref;
import static org.bytedeco.ffmpeg.global.avutil.av_get_bytes_per_sample;
import static org.bytedeco.ffmpeg.global.avutil.av_sample_fmt_is_planar;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntToDoubleFunction;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVOutputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** Sound files for tests. */
final class TestSound {
  private static final int WAV_HEADER_BYTES = 44;
  private static final int CHUNK_SAMPLES = 1024;

  private TestSound() {}

  /** A sine of half the full scale. */
  static IntToDoubleFunction sine(double hertz, int rateHz) {
    return i -> 0.5 * Math.sin(2 * Math.PI * hertz * i / rateHz);
  }

  /** Silence, but for a burst of 0.5 ms that starts at {@code seconds}. */
  static IntToDoubleFunction click(double seconds, int rateHz) {
    int start = (int) Math.round(seconds * rateHz);
    int samples = Math.max(1, rateHz / 2000);
    return i -> i >= start && i < start + samples ? 0.9 : 0;
  }

  /** Writes 16-bit WAV; all channels hold the same. */
  static Path wav(Path file, int rateHz, int channels, int samples, IntToDoubleFunction sound)
      throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(WAV_HEADER_BYTES + 2 * channels * samples)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(ascii("RIFF")).putInt(bytes.capacity() - 8).put(ascii("WAVEfmt ")).putInt(16);
    bytes.putShort((short) 1).putShort((short) channels).putInt(rateHz);
    bytes.putInt(2 * channels * rateHz).putShort((short) (2 * channels)).putShort((short) 16);
    bytes.put(ascii("data")).putInt(2 * channels * samples);
    for (int i = 0; i < samples; i++) {
      for (int channel = 0; channel < channels; channel++) {
        bytes.putShort((short) Math.round(32767 * sound.applyAsDouble(i)));
      }
    }
    return Files.write(file, bytes.array());
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }

  /** Writes sound with one of FFmpeg's encoders and muxers. */
  static Path encoded(
      Path file,
      String muxer,
      String encoderName,
      SoundFormat sound,
      int samples,
      IntToDoubleFunction values) {
    FfmpegCall calls = new FfmpegCall(file, MediaException.Code.UNWRITABLE);
    AVFormatContext format = new AVFormatContext((Pointer) null);
    calls.check(
        avformat_alloc_output_context2(format, (AVOutputFormat) null, muxer, file.toString()),
        "avformat_alloc_output_context2");
    AVIOContext bytes = new AVIOContext((Pointer) null);
    calls.check(
        avio_open2(bytes, file.toString(), AVIO_FLAG_WRITE, null, (AVDictionary) null), "avio");
    format.pb(bytes);
    AVCodec codec = calls.made(avcodec_find_encoder_by_name(encoderName), encoderName);
    AVCodecContext encoder = calls.made(avcodec_alloc_context3(codec), "avcodec_alloc_context3");
    encoder.sample_fmt(sound.sampleFormat());
    encoder.sample_rate(sound.sampleRateHz());
    encoder.strict_std_compliance(-2); // vorbis counts as experimental
    av_channel_layout_default(encoder.ch_layout(), sound.channels());
    encoder.bit_rate(128_000);
    encoder.time_base().num(1).den(sound.sampleRateHz());
    encoder.flags(encoder.flags() | AV_CODEC_FLAG_GLOBAL_HEADER);
    calls.check(avcodec_open2(encoder, codec, (AVDictionary) null), "avcodec_open2");
    AVStream stream = calls.made(avformat_new_stream(format, null), "avformat_new_stream");
    calls.check(avcodec_parameters_from_context(stream.codecpar(), encoder), "parameters");
    stream.time_base(encoder.time_base());
    calls.check(avformat_write_header(format, (AVDictionary) null), "avformat_write_header");
    AVPacket packet = calls.made(av_packet_alloc(), "av_packet_alloc");
    AVFrame frame = calls.made(av_frame_alloc(), "av_frame_alloc");
    int step = encoder.frame_size() > 0 ? encoder.frame_size() : CHUNK_SAMPLES;
    for (int at = 0; at <= samples; at += step) {
      int count = Math.min(step, samples - at);
      if (count > 0) {
        fill(calls, frame, sound, at, count, values);
        calls.check(avcodec_send_frame(encoder, frame), "avcodec_send_frame");
      }
      if (at + step > samples) {
        calls.check(avcodec_send_frame(encoder, null), "avcodec_send_frame");
      }
      while (avcodec_receive_packet(encoder, packet) >= 0) {
        av_packet_rescale_ts(packet, encoder.time_base(), stream.time_base());
        calls.check(av_interleaved_write_frame(format, packet), "av_interleaved_write_frame");
      }
    }
    calls.check(av_write_trailer(format), "av_write_trailer");
    av_frame_free(frame);
    av_packet_free(packet);
    avcodec_free_context(encoder);
    avio_closep(bytes);
    avformat_free_context(format);
    return file;
  }

  private static void fill(
      FfmpegCall calls,
      AVFrame frame,
      SoundFormat sound,
      int at,
      int count,
      IntToDoubleFunction f) {
    av_frame_unref(frame);
    frame.nb_samples(count);
    frame.format(sound.sampleFormat());
    frame.sample_rate(sound.sampleRateHz());
    av_channel_layout_default(frame.ch_layout(), sound.channels());
    calls.check(av_frame_get_buffer(frame, 0), "av_frame_get_buffer");
    frame.pts(at);
    boolean planar = av_sample_fmt_is_planar(sound.sampleFormat()) != 0;
    boolean whole = sound.sampleFormat() == AV_SAMPLE_FMT_S16;
    int bytes = av_get_bytes_per_sample(sound.sampleFormat());
    for (int channel = 0; channel < sound.channels(); channel++) {
      ByteBuffer plane =
          new BytePointer(frame.data(planar ? channel : 0))
              .capacity((long) bytes * count * (planar ? 1 : sound.channels()))
              .asByteBuffer()
              .order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < count; i++) {
        double value = f.applyAsDouble(at + i);
        int index = bytes * (planar ? i : i * sound.channels() + channel);
        if (whole) {
          plane.putShort(index, (short) Math.round(32767 * value));
        } else {
          plane.putFloat(index, (float) value);
        }
      }
    }
  }
}
