package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_BITEXACT;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_GLOBAL_HEADER;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PROFILE_H264_HIGH;
import static org.bytedeco.ffmpeg.global.avcodec.av_bsf_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_bsf_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_bsf_get_by_name;
import static org.bytedeco.ffmpeg.global.avcodec.av_bsf_init;
import static org.bytedeco.ffmpeg.global.avcodec.av_bsf_receive_packet;
import static org.bytedeco.ffmpeg.global.avcodec.av_bsf_send_packet;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_encoder_by_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_from_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_packet;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_frame;
import static org.bytedeco.ffmpeg.global.avutil.AVCHROMA_LOC_LEFT;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_PRI_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_MPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_TRC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EAGAIN;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set;

import org.bytedeco.ffmpeg.avcodec.AVBSFContext;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * OpenH264: High profile, no B-frames, one slice and one thread, the same quantizer for all frames.
 *
 * <p>Parameter sets are kept out of the packets, for MP4 wants them in its own header alone. Owns
 * the encoder and the filter behind it.
 */
final class H264Encoder implements AutoCloseable {
  private final Closing closing = new Closing();
  private final FfmpegCall calls;
  private final AVCodecContext context;
  private final AVBSFContext filter = new AVBSFContext((Pointer) null);
  private final AVPacket packet;

  H264Encoder(FfmpegCall calls, int width, int height, EncoderSettings settings) {
    this.calls = calls;
    try {
      AVCodec codec =
          calls.made(
              avcodec_find_encoder_by_name(EncoderSettings.ENCODER),
              "avcodec_find_encoder_by_name " + EncoderSettings.ENCODER);
      context = calls.made(avcodec_alloc_context3(codec), "avcodec_alloc_context3");
      closing.add(() -> avcodec_free_context(context));
      configure(width, height, settings);
      calls.check(avcodec_open2(context, codec, (AVDictionary) null), "avcodec_open2");
      packet = calls.made(av_packet_alloc(), "av_packet_alloc");
      closing.add(() -> av_packet_free(packet));
      openFilter();
    } catch (RuntimeException e) {
      closing.close();
      throw e;
    }
  }

  private void configure(int width, int height, EncoderSettings settings) {
    context.width(width);
    context.height(height);
    context.pix_fmt(AV_PIX_FMT_YUV420P);
    context.color_range(AVCOL_RANGE_MPEG);
    context.colorspace(AVCOL_SPC_BT709);
    context.color_primaries(AVCOL_PRI_BT709);
    context.color_trc(AVCOL_TRC_BT709);
    context.chroma_sample_location(AVCHROMA_LOC_LEFT);
    context.time_base().num(1).den(EncoderSettings.FRAMES_PER_SECOND);
    context.framerate().num(EncoderSettings.FRAMES_PER_SECOND).den(1);
    context.profile(AV_PROFILE_H264_HIGH);
    context.gop_size(settings.keyFrameInterval());
    context.max_b_frames(0);
    context.thread_count(1);
    context.slices(1);
    context.qmin(settings.quantizer());
    context.qmax(settings.quantizer());
    context.flags(context.flags() | AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT);
    calls.check(av_opt_set(context.priv_data(), "rc_mode", "quality", 0), "av_opt_set rc_mode");
  }

  private void openFilter() {
    calls.check(
        av_bsf_alloc(
            calls.made(av_bsf_get_by_name("filter_units"), "av_bsf_get_by_name filter_units"),
            filter),
        "av_bsf_alloc");
    closing.add(() -> av_bsf_free(filter));
    calls.check(avcodec_parameters_from_context(filter.par_in(), context), "avcodec_parameters");
    filter.time_base_in(context.time_base());
    calls.check(
        av_opt_set(filter.priv_data(), "remove_types", "7-8", 0), "av_opt_set remove_types");
    calls.check(av_bsf_init(filter), "av_bsf_init filter_units");
  }

  /** Returns what the packets are; owned by this. */
  AVCodecParameters parameters() {
    return filter.par_out();
  }

  /**
   * Gives the encoder its next frame.
   *
   * @param frame a frame with its index as time, or null after the last
   */
  void send(@Nullable AVFrame frame) {
    calls.check(avcodec_send_frame(context, frame), "avcodec_send_frame");
  }

  /** Returns the next packet, valid until the next call, or null if a frame must be sent first. */
  @Nullable AVPacket next() {
    while (true) {
      int code = av_bsf_receive_packet(filter, packet);
      if (code >= 0) {
        return packet;
      }
      if (code != AVERROR_EAGAIN()) {
        calls.check(code, "av_bsf_receive_packet");
      }
      code = avcodec_receive_packet(context, packet);
      if (code == AVERROR_EAGAIN() || code == AVERROR_EOF) {
        return null;
      }
      calls.check(code, "avcodec_receive_packet");
      calls.check(av_bsf_send_packet(filter, packet), "av_bsf_send_packet");
    }
  }

  @Override
  public void close() {
    closing.close();
  }
}
