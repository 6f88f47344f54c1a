package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.avformat.AVFormatContext.AVFMT_FLAG_BITEXACT;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_rescale_ts;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_copy;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_WRITE;
import static org.bytedeco.ffmpeg.global.avformat.av_interleaved_write_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_write_trailer;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_output_context2;
import static org.bytedeco.ffmpeg.global.avformat.avformat_free_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_new_stream;
import static org.bytedeco.ffmpeg.global.avformat.avformat_write_header;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open2;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set;

import dev.longtake.transforms.media.MediaException.Code;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVOutputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.javacpp.Pointer;

/**
 * An MP4 file being written, with neither date nor version in it, and its index in front. Owns the
 * muxer and the open file.
 */
final class Mp4Output implements AutoCloseable {
  private final Closing closing = new Closing();
  private final FfmpegCall calls;
  private final AVFormatContext format = new AVFormatContext((Pointer) null);
  private final AVIOContext bytes = new AVIOContext((Pointer) null);

  /** Creates or overwrites {@code file}. */
  Mp4Output(Path file) {
    calls = new FfmpegCall(file, Code.UNWRITABLE);
    String url = "file:" + file.toAbsolutePath();
    try {
      calls.check(
          avformat_alloc_output_context2(format, (AVOutputFormat) null, "mp4", url),
          "avformat_alloc_output_context2");
      closing.add(() -> avformat_free_context(format));
      calls.check(avio_open2(bytes, url, AVIO_FLAG_WRITE, null, (AVDictionary) null), "avio_open2");
      closing.add(() -> avio_closep(bytes));
      format.pb(bytes);
      format.flags(format.flags() | AVFMT_FLAG_BITEXACT);
      calls.check(av_opt_set(format.priv_data(), "movflags", "+faststart", 0), "av_opt_set");
    } catch (RuntimeException e) {
      closing.close();
      throw e;
    }
  }

  /** Returns what checks the calls on this file. */
  FfmpegCall calls() {
    return calls;
  }

  /**
   * Adds a stream and returns its index.
   *
   * @param parameters how its packets are coded
   * @param ticksPerSecond the unit of their times that the file must be able to express
   */
  int addStream(AVCodecParameters parameters, int ticksPerSecond) {
    AVStream stream = calls.made(avformat_new_stream(format, null), "avformat_new_stream");
    calls.check(avcodec_parameters_copy(stream.codecpar(), parameters), "avcodec_parameters_copy");
    stream.codecpar().codec_tag(0);
    stream.time_base().num(1).den(ticksPerSecond);
    return stream.index();
  }

  /** Ends the adding of streams. */
  void writeHeader() {
    calls.check(avformat_write_header(format, (AVDictionary) null), "avformat_write_header");
  }

  /**
   * Writes a packet and leaves it empty. Packets of all streams must come by time, or they pile up.
   *
   * @param ticksPerSecond the unit of the packet's times
   */
  void write(AVPacket packet, int streamIndex, int ticksPerSecond) {
    packet.stream_index(streamIndex);
    packet.pos(-1);
    packet.time_base().num(1).den(ticksPerSecond);
    av_packet_rescale_ts(packet, packet.time_base(), format.streams(streamIndex).time_base());
    calls.check(av_interleaved_write_frame(format, packet), "av_interleaved_write_frame");
  }

  /** Writes what is left; without this the file cannot be read. */
  void finish() {
    calls.check(av_write_trailer(format), "av_write_trailer");
    calls.check(avio_closep(bytes), "avio_closep"); // only now is everything known to be written
  }

  @Override
  public void close() {
    closing.close();
  }
}
