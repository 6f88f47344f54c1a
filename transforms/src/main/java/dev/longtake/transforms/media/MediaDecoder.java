package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_decoder;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_get_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_frame;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_packet;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EAGAIN;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_ENOMEM;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;

import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.jspecify.annotations.Nullable;

/**
 * Decodes one stream of a {@link MediaInput}, which owns all native memory of this.
 *
 * <p>A packet that cannot be decoded is counted and left out, as players do.
 */
final class MediaDecoder {
  private final MediaInput input;
  private final AVStream stream;
  private final AVCodecContext context;
  private final AVFrame frame;
  private long framesDecoded;
  private long packetsDamaged;

  /**
   * Opens the decoder.
   *
   * @param maxPixels most pixels to decode in a frame
   */
  MediaDecoder(MediaInput input, AVStream stream, long maxPixels) {
    this.input = input;
    this.stream = stream;
    int codecId = stream.codecpar().codec_id();
    AVCodec codec = avcodec_find_decoder(codecId);
    if (codec == null) {
      throw new MediaException(
          input.calls().fault(),
          "%s is coded as '%s', for which there is no decoder here."
              .formatted(input.calls().file(), avcodec_get_name(codecId).getString()));
    }
    context = input.newDecoder(stream, codec);
    context.max_pixels(maxPixels);
    input.openDecoder(context, codec);
    AVFrame made = input.calls().made(av_frame_alloc(), "av_frame_alloc");
    frame = input.own(made, () -> av_frame_free(made));
  }

  /** Returns the next frame, valid until the next call, or null when there are no more. */
  @Nullable AVFrame next() {
    while (true) {
      int code = avcodec_receive_frame(context, frame);
      if (code >= 0) {
        framesDecoded++;
        return frame;
      }
      if (code == AVERROR_EOF) {
        return null;
      }
      if (code == AVERROR_EAGAIN()) {
        send(input.nextPacket(stream.index()));
      } else {
        countDamage(code, "avcodec_receive_frame");
      }
    }
  }

  private void send(@Nullable AVPacket packet) {
    int code = avcodec_send_packet(context, packet);
    if (code < 0 && code != AVERROR_EOF) {
      countDamage(code, "avcodec_send_packet");
    }
  }

  private void countDamage(int code, String call) {
    if (code == AVERROR_ENOMEM()) {
      throw input.calls().failure(code, call);
    }
    packetsDamaged++;
  }

  /** Returns the decoder's parameters; owned by the input. */
  AVCodecContext context() {
    return context;
  }

  /** Returns how many frames have been decoded. */
  long framesDecoded() {
    return framesDecoded;
  }

  /** Returns how many packets could not be decoded. */
  long packetsDamaged() {
    return packetsDamaged;
  }
}
