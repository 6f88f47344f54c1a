package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avutil.AVERROR_ENOMEM;
import static org.bytedeco.ffmpeg.global.avutil.AV_LOG_QUIET;
import static org.bytedeco.ffmpeg.global.avutil.av_log_set_level;
import static org.bytedeco.ffmpeg.global.avutil.av_strerror;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Turns FFmpeg's return codes into exceptions.
 *
 * @param file the file that the calls are about, for messages
 * @param fault what a failure means, unless it is a lack of memory
 */
record FfmpegCall(Path file, MediaException.Code fault) {
  private static final int MAX_TEXT_BYTES = 256;

  static {
    // What FFmpeg has to say is in our exceptions; its own lines on stderr only confuse.
    av_log_set_level(AV_LOG_QUIET);
  }

  /** Returns {@code code} if it is no error, and throws otherwise. */
  int check(int code, String call) {
    if (code >= 0) {
      return code;
    }
    throw failure(code, call);
  }

  /** Returns the exception for the error {@code code} of {@code call}. */
  MediaException failure(int code, String call) {
    return new MediaException(
        code == AVERROR_ENOMEM() ? MediaException.Code.LIBRARY : fault,
        "%s: %s failed with '%s' (%d).".formatted(file, call, text(code), code));
  }

  /** Returns {@code pointer} unless it is null, which means that {@code call} could not do it. */
  <P extends Pointer> P made(@Nullable P pointer, String call) {
    if (pointer == null || pointer.isNull()) {
      throw new MediaException(
          MediaException.Code.LIBRARY, "%s: %s returned nothing.".formatted(file, call));
    }
    return pointer;
  }

  private static String text(int code) {
    byte[] text = new byte[MAX_TEXT_BYTES];
    av_strerror(code, text, text.length);
    int end = 0;
    while (end < text.length && text[end] != 0) {
      end++;
    }
    return new String(text, 0, end, StandardCharsets.UTF_8);
  }
}
