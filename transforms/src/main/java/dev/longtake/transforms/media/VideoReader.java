package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_get_name;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_AUDIO;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;

import dev.longtake.runtime.api.FrameSink;
import dev.longtake.runtime.api.Picture;
import dev.longtake.transforms.media.MediaException.Code;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;

/** Looks into fragments and finished videos. */
public final class VideoReader {
  private static final int MICROS_PER_SECOND = 1_000_000;

  private VideoReader() {}

  /**
   * Reads what a video holds, packet by packet, without decoding it.
   *
   * @throws MediaException UNREADABLE_VIDEO
   */
  public static VideoInfo probe(Path file) {
    try (MediaInput input = new MediaInput(file, Code.UNREADABLE_VIDEO)) {
      input.findStreamInfo();
      AVStream stream = videoStream(input);
      Optional<AudioInfo> audio =
          Optional.ofNullable(input.bestStream(AVMEDIA_TYPE_AUDIO)).map(SoundTrack::infoOf);
      List<Long> times = new ArrayList<>();
      int keyFrames = 0;
      for (AVPacket packet = input.nextPacket(stream.index());
          packet != null;
          packet = input.nextPacket(stream.index())) {
        times.add(Math.round(packet.pts() * ratio(stream.time_base()) * MICROS_PER_SECOND));
        keyFrames += (packet.flags() & AV_PKT_FLAG_KEY) != 0 ? 1 : 0;
      }
      AVCodecParameters parameters = stream.codecpar();
      return new VideoInfo(
          avcodec_get_name(parameters.codec_id()).getString(),
          parameters.width(),
          parameters.height(),
          ratio(stream.avg_frame_rate()),
          stream.duration() * ratio(stream.time_base()),
          times,
          keyFrames,
          audio);
    }
  }

  /**
   * Decodes all frames.
   *
   * @param sink takes the frames as RGB, in order
   * @return the number of frames
   * @throws MediaException UNREADABLE_VIDEO, also if a single frame cannot be decoded
   */
  public static int decode(Path file, FrameSink sink) {
    try (MediaInput input = new MediaInput(file, Code.UNREADABLE_VIDEO)) {
      MediaDecoder decoder = new MediaDecoder(input, videoStream(input), PictureReader.MAX_PIXELS);
      int frames = 0;
      AVFrame frame = decoder.next();
      if (frame != null) {
        ByteBuffer rgb = ByteBuffer.allocate(frame.width() * frame.height() * Picture.COLOURS);
        try (PixelConverter converter = PixelConverter.toRgb(input.calls(), frame)) {
          for (; frame != null; frame = decoder.next()) {
            pack(converter.convert(frame), rgb);
            sink.accept(frames++, rgb);
          }
        }
      }
      if (frames == 0 || decoder.packetsDamaged() > 0) {
        throw new MediaException(
            Code.UNREADABLE_VIDEO,
            "%s: %d frames can be decoded, %d packets cannot."
                .formatted(file, frames, decoder.packetsDamaged()));
      }
      return frames;
    }
  }

  private static void pack(AVFrame frame, ByteBuffer rgb) {
    ByteBuffer plane = PixelConverter.plane(frame);
    int rowBytes = frame.width() * Picture.COLOURS;
    for (int y = 0; y < frame.height(); y++) {
      rgb.put(y * rowBytes, plane, y * frame.linesize(0), rowBytes);
    }
    rgb.clear();
  }

  private static AVStream videoStream(MediaInput input) {
    AVStream stream = input.bestStream(AVMEDIA_TYPE_VIDEO);
    if (stream == null) {
      throw new MediaException(
          Code.UNREADABLE_VIDEO, "%s has no picture.".formatted(input.calls().file()));
    }
    return stream;
  }

  private static double ratio(AVRational value) {
    return (double) value.num() / value.den();
  }
}
