package dev.longtake.transforms.media;

import static org.bytedeco.ffmpeg.global.avcodec.avcodec_get_name;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_AUDIO;
import static org.bytedeco.ffmpeg.global.avutil.AV_NOPTS_VALUE;
import static org.bytedeco.ffmpeg.global.avutil.AV_TIME_BASE;

import dev.longtake.transforms.media.MediaException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.jspecify.annotations.Nullable;

/** The sound track of a file, decoded as it is. Owns the open file. */
final class SoundTrack implements AutoCloseable {
  private final MediaInput input;
  private final AVStream stream;
  private final MediaDecoder decoder;

  SoundTrack(Path file) {
    requireContent(file);
    input = new MediaInput(file, Code.UNREADABLE_AUDIO);
    try {
      input.findStreamInfo();
      AVStream found = input.bestStream(AVMEDIA_TYPE_AUDIO);
      if (found == null) {
        throw new MediaException(
            Code.NO_AUDIO_STREAM,
            "%s is of format '%s' and has no sound track."
                .formatted(file, input.format().iformat().name().getString()));
      }
      stream = found;
      decoder = new MediaDecoder(input, stream, Integer.MAX_VALUE);
    } catch (RuntimeException e) {
      input.close();
      throw e;
    }
  }

  private static void requireContent(Path file) {
    long bytes;
    try {
      bytes = Files.size(file);
    } catch (IOException e) {
      throw new MediaException(
          Code.UNREADABLE_AUDIO,
          "%s cannot be read (%s).".formatted(file, e.getClass().getSimpleName()));
    }
    if (bytes == 0) {
      throw new MediaException(Code.EMPTY_AUDIO, "%s has no content (0 bytes).".formatted(file));
    }
  }

  /** Returns what checks the calls on this file. */
  FfmpegCall calls() {
    return input.calls();
  }

  /** Returns what the file says about its sound. */
  AudioInfo info() {
    AVCodecParameters parameters = stream.codecpar();
    if (parameters.sample_rate() <= 0 || parameters.ch_layout().nb_channels() <= 0) {
      throw new MediaException(
          Code.UNREADABLE_AUDIO,
          "%s has a sound track of %d channels at %d Hz."
              .formatted(
                  input.calls().file(),
                  parameters.ch_layout().nb_channels(),
                  parameters.sample_rate()));
    }
    AudioInfo info = infoOf(stream);
    long duration = input.format().duration();
    if (info.seconds().isPresent() || duration == AV_NOPTS_VALUE) {
      return info;
    }
    OptionalDouble seconds = OptionalDouble.of((double) duration / AV_TIME_BASE);
    return new AudioInfo(info.codec(), info.sampleRateHz(), info.channels(), seconds);
  }

  /** Returns what a stream says about its sound. */
  static AudioInfo infoOf(AVStream stream) {
    AVCodecParameters parameters = stream.codecpar();
    double tick = (double) stream.time_base().num() / stream.time_base().den();
    return new AudioInfo(
        avcodec_get_name(parameters.codec_id()).getString(),
        parameters.sample_rate(),
        parameters.ch_layout().nb_channels(),
        stream.duration() == AV_NOPTS_VALUE
            ? OptionalDouble.empty()
            : OptionalDouble.of(stream.duration() * tick));
  }

  /**
   * Returns the next decoded frame, valid until the next call, or null at the end.
   *
   * @throws MediaException if the track ends without a single frame
   */
  @Nullable AVFrame next() {
    AVFrame frame = decoder.next();
    if (frame == null && decoder.framesDecoded() == 0) {
      throw decoder.packetsDamaged() == 0
          ? new MediaException(
              Code.EMPTY_AUDIO, "%s has a sound track without samples.".formatted(calls().file()))
          : new MediaException(
              Code.UNREADABLE_AUDIO,
              "%s: none of the %d packets of its sound track can be decoded."
                  .formatted(calls().file(), decoder.packetsDamaged()));
    }
    return frame;
  }

  /** Returns how many packets could not be decoded. */
  long packetsDamaged() {
    return decoder.packetsDamaged();
  }

  @Override
  public void close() {
    input.close();
  }
}
