package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_READ;
import static org.bytedeco.ffmpeg.global.avformat.av_find_best_stream;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_close_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_find_stream_info;
import static org.bytedeco.ffmpeg.global.avformat.avformat_open_input;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open2;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_INVALIDDATA;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set;

import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * An open media file and the packets in it. Owns the demuxer, one packet and its decoders.
 *
 * <p>The format is told from the content, never from the name, and a file that refers to other
 * files or addresses, such as a playlist, cannot make FFmpeg open them.
 */
final class MediaInput implements AutoCloseable {
  private final Closing closing = new Closing();
  private final FfmpegCall calls;
  private final AVFormatContext format;
  private final AVPacket packet;

  /**
   * Opens a file.
   *
   * @param fault what it means when the file cannot be read
   */
  MediaInput(Path file, MediaException.Code fault) {
    calls = new FfmpegCall(file, fault);
    try {
      AVIOContext bytes = new AVIOContext((Pointer) null);
      calls.check(
          avio_open2(
              bytes, "file:" + file.toAbsolutePath(), AVIO_FLAG_READ, null, (AVDictionary) null),
          "avio_open2");
      closing.add(() -> avio_closep(bytes));
      format = calls.made(avformat_alloc_context(), "avformat_alloc_context");
      closing.add(() -> avformat_close_input(format)); // does nothing after a failed opening
      format.pb(bytes);
      calls.check(av_opt_set(format, "protocol_whitelist", "none", 0), "av_opt_set");
      calls.check(
          avformat_open_input(format, (String) null, (AVInputFormat) null, (AVDictionary) null),
          "avformat_open_input");
      packet = calls.made(av_packet_alloc(), "av_packet_alloc");
      closing.add(() -> av_packet_free(packet));
    } catch (RuntimeException e) {
      closing.close();
      throw e;
    }
  }

  /** Returns what checks the calls on this file. */
  FfmpegCall calls() {
    return calls;
  }

  /** Returns the demuxer; owned by this. */
  AVFormatContext format() {
    return format;
  }

  /** Reads as much of the file as it takes to know what its streams are. */
  void findStreamInfo() {
    calls.check(
        avformat_find_stream_info(format, (AVDictionary) null), "avformat_find_stream_info");
  }

  /**
   * Returns the stream of a type that a player would play, or null if there is none.
   *
   * @param type one of FFmpeg's {@code AVMEDIA_TYPE_*}
   */
  @Nullable AVStream bestStream(int type) {
    int index = av_find_best_stream(format, type, -1, -1, (AVCodec) null, 0);
    return index < 0 ? null : format.streams(index);
  }

  /**
   * Makes a decoder that {@link #openDecoder} opens; owned by this.
   *
   * @param codec FFmpeg's decoder
   */
  AVCodecContext newDecoder(AVStream stream, AVCodec codec) {
    AVCodecContext decoder = calls.made(avcodec_alloc_context3(codec), "avcodec_alloc_context3");
    closing.add(() -> avcodec_free_context(decoder));
    calls.check(
        avcodec_parameters_to_context(decoder, stream.codecpar()), "avcodec_parameters_to_context");
    decoder.pkt_timebase(stream.time_base());
    return decoder;
  }

  /** Opens a decoder of {@link #newDecoder}. */
  void openDecoder(AVCodecContext decoder, AVCodec codec) {
    calls.check(avcodec_open2(decoder, codec, (AVDictionary) null), "avcodec_open2");
  }

  /**
   * Returns the next packet of a stream, or null at the end of the file, which may come early when
   * the file is damaged. The packet is valid until the next call.
   */
  @Nullable AVPacket nextPacket(int streamIndex) {
    while (true) {
      av_packet_unref(packet);
      int code = av_read_frame(format, packet);
      if (code == AVERROR_EOF || code == AVERROR_INVALIDDATA) {
        return null;
      }
      calls.check(code, "av_read_frame");
      if (packet.stream_index() == streamIndex) {
        return packet;
      }
    }
  }

  /** Adds something to be freed before the demuxer. */
  <P extends Pointer> P own(P pointer, Runnable free) {
    closing.add(free);
    return pointer;
  }

  @Override
  public void close() {
    closing.close();
  }
}
