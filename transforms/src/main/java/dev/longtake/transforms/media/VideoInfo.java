package dev.longtake.transforms.media;

import java.util.List;
import java.util.Optional;

/**
 * What a video file holds.
 *
 * @param codec FFmpeg's name of the coding, for example {@code "h264"}
 * @param width columns of a frame
 * @param height rows of a frame
 * @param framesPerSecond the frame rate that the file claims
 * @param seconds length of the picture as the file claims it
 * @param frameMicros when each frame is shown, in microseconds, in the order of the file
 * @param keyFrames how many frames can be decoded without another one
 * @param audio the sound, if there is any; its length is what is heard, without the encoder's delay
 */
public record VideoInfo(
    String codec,
    int width,
    int height,
    double framesPerSecond,
    double seconds,
    List<Long> frameMicros,
    int keyFrames,
    Optional<AudioInfo> audio) {
  /** Copies the list. */
  public VideoInfo {
    frameMicros = List.copyOf(frameMicros);
  }

  /** Returns the number of frames. */
  public int frames() {
    return frameMicros.size();
  }
}
