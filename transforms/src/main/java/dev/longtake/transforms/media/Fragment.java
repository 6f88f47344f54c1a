package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;

import dev.longtake.transforms.media.MediaException.Code;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.jspecify.annotations.Nullable;

/** A fragment of {@link FragmentWriter}, read packet by packet. Owns the open file. */
final class Fragment implements AutoCloseable {
  private final Path file;
  private final MediaInput input;
  private final AVStream stream;
  private final long frames;
  private long framesRead;

  Fragment(Path file) {
    this.file = file;
    input = new MediaInput(file, Code.UNREADABLE_VIDEO);
    try {
      AVStream found = input.bestStream(AVMEDIA_TYPE_VIDEO);
      if (found == null || found.codecpar().codec_id() != AV_CODEC_ID_H264) {
        throw failure("%s has no H.264 stream.".formatted(file));
      }
      stream = found;
      frames = stream.nb_frames();
      if (frames < 1) {
        throw failure("%s claims to have %d frames.".formatted(file, frames));
      }
    } catch (RuntimeException e) {
      input.close();
      throw e;
    }
  }

  private static MediaException failure(String found) {
    return new MediaException(Code.UNREADABLE_VIDEO, found);
  }

  /** Returns the number of frames that the file claims to have. */
  long frames() {
    return frames;
  }

  /** Returns what the packets are; owned by this. */
  AVCodecParameters parameters() {
    return stream.codecpar();
  }

  /** Throws unless this can follow {@code first} under the same parameter sets. */
  void requireLike(Fragment first) {
    if (!Arrays.equals(parameterSets(), first.parameterSets())) {
      throw failure(
          "%s (%s) was encoded with other settings than %s (%s)."
              .formatted(file, describe(), first.file, first.describe()));
    }
  }

  private byte[] parameterSets() {
    byte[] bytes = new byte[parameters().extradata_size()];
    if (bytes.length > 0) {
      parameters().extradata().get(bytes, 0, bytes.length);
    }
    return bytes;
  }

  private String describe() {
    return "%d x %d, %d bytes of parameter sets"
        .formatted(parameters().width(), parameters().height(), parameters().extradata_size());
  }

  /**
   * Returns the next packet, valid until the next call, or null after the last frame.
   *
   * @throws MediaException if the file ends early or does not start with a key frame
   */
  @Nullable AVPacket next() {
    AVPacket packet = input.nextPacket(stream.index());
    if (packet == null) {
      if (framesRead != frames) {
        throw failure("%s claims %d frames, but has %d.".formatted(file, frames, framesRead));
      }
      return null;
    }
    if (framesRead == 0 && (packet.flags() & AV_PKT_FLAG_KEY) == 0) {
      throw failure("%s does not start with a key frame.".formatted(file));
    }
    framesRead++;
    return packet;
  }

  @Override
  public void close() {
    input.close();
  }
}
