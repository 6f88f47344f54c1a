package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avutil.AVCHROMA_LOC_LEFT;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set_int;
import static org.bytedeco.ffmpeg.global.swscale.SWS_ACCURATE_RND;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BICUBIC;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BITEXACT;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU601;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU709;
import static org.bytedeco.ffmpeg.global.swscale.SWS_FULL_CHR_H_INP;
import static org.bytedeco.ffmpeg.global.swscale.SWS_FULL_CHR_H_INT;
import static org.bytedeco.ffmpeg.global.swscale.sws_alloc_context;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_init_context;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale_frame;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;

/** Turns frames of one size from one kind of pixel into another. Owns its target frame. */
final class PixelConverter implements AutoCloseable {
  private static final int EXACT =
      SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
  private static final int UNITY = 1 << 16;

  private final FfmpegCall calls;
  private final Closing closing = new Closing();
  private final SwsContext scaler;
  private final AVFrame target;

  private PixelConverter(
      FfmpegCall calls, int width, int height, Side from, Side to, boolean chromaCentred) {
    this.calls = calls;
    try {
      target = newFrame(calls, width, height, to.pixelFormat());
      closing.add(() -> av_frame_free(target));
      scaler = calls.made(sws_alloc_context(), "sws_alloc_context");
      closing.add(() -> sws_freeContext(scaler));
      set("sws_flags", EXACT);
      set("srcw", width);
      set("srch", height);
      set("src_format", from.pixelFormat());
      set("dstw", width);
      set("dsth", height);
      set("dst_format", to.pixelFormat());
      if (!chromaCentred) { // as H.264 has it: beside the left of two luma columns
        set(to.yuv() ? "dst_h_chr_pos" : "src_h_chr_pos", 0);
        set(to.yuv() ? "dst_v_chr_pos" : "src_v_chr_pos", 128);
      }
      calls.check(
          sws_setColorspaceDetails(
              scaler,
              sws_getCoefficients(from.matrix()),
              from.fullRange() ? 1 : 0,
              sws_getCoefficients(to.matrix()),
              to.fullRange() ? 1 : 0,
              0,
              UNITY,
              UNITY),
          "sws_setColorspaceDetails");
      calls.check(sws_init_context(scaler, null, null), "sws_init_context");
    } catch (RuntimeException e) {
      closing.close();
      throw e;
    }
  }

  private record Side(int pixelFormat, int matrix, boolean fullRange, boolean yuv) {}

  private static final Side RGB = new Side(AV_PIX_FMT_RGB24, SWS_CS_ITU709, true, false);

  /** Makes one from RGB to what videos hold: 4:2:0, BT.709, limited range. */
  static PixelConverter toVideo(FfmpegCall calls, int width, int height) {
    Side video = new Side(AV_PIX_FMT_YUV420P, SWS_CS_ITU709, false, true);
    return new PixelConverter(calls, width, height, RGB, video, false);
  }

  /** Makes one from frames like {@code frame} to RGB; transparency is dropped, not mixed in. */
  static PixelConverter toRgb(FfmpegCall calls, AVFrame frame) {
    Side from =
        new Side(
            frame.format(),
            frame.colorspace() == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601,
            frame.color_range() == AVCOL_RANGE_JPEG,
            true);
    boolean centred = frame.chroma_location() != AVCHROMA_LOC_LEFT;
    return new PixelConverter(calls, frame.width(), frame.height(), from, RGB, centred);
  }

  /** Makes a frame with memory of its own, for the caller to free. */
  static AVFrame newFrame(FfmpegCall calls, int width, int height, int pixelFormat) {
    AVFrame frame = calls.made(av_frame_alloc(), "av_frame_alloc");
    frame.width(width);
    frame.height(height);
    frame.format(pixelFormat);
    int code = av_frame_get_buffer(frame, 0);
    if (code < 0) {
      av_frame_free(frame);
      throw calls.failure(code, "av_frame_get_buffer");
    }
    return frame;
  }

  /** Returns the bytes of a frame's only plane, rows apart by its line size; a view. */
  static ByteBuffer plane(AVFrame frame) {
    return new BytePointer(frame.data(0))
        .capacity((long) frame.linesize(0) * frame.height())
        .asByteBuffer();
  }

  /** Returns {@code frame} converted; valid until the next call. */
  AVFrame convert(AVFrame frame) {
    calls.check(sws_scale_frame(scaler, target, frame), "sws_scale_frame");
    return target;
  }

  private void set(String option, long value) {
    calls.check(av_opt_set_int(scaler, option, value, 0), "av_opt_set_int " + option);
  }

  @Override
  public void close() {
    closing.close();
  }
}
