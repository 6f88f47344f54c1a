package dev.longtake.transforms.media;

import static com.google.common.base.Preconditions.checkArgument;
import static dev.longtake.transforms.media.EncoderSettings.FRAMES_PER_SECOND;

import java.nio.file.Path;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVPacket;

/**
 * Joins fragments into one MP4 without encoding their frames again, and adds the original sound.
 *
 * <p>Frame k is shown at exactly k/25 seconds. Sound is AAC of 96 kbit/s a channel; an edit list
 * hides the encoder's delay, so that the sound's first sample is heard with the first frame. The
 * same inputs give the same bytes. Memory does not grow with the length.
 */
public final class Stitcher {
  private Stitcher() {}

  /**
   * Writes a video.
   *
   * @param fragments files of {@link FragmentWriter}, in order, all of one size and settings
   * @param audio any file with a sound track; cut or followed by silence so that it is no shorter
   *     than the frames and longer by less than one
   * @param output created or overwritten; the caller publishes it
   * @throws MediaException UNREADABLE_VIDEO if a fragment is damaged or differs from the first,
   *     UNREADABLE_AUDIO, NO_AUDIO_STREAM, EMPTY_AUDIO, or UNWRITABLE
   */
  public static StitchedVideo stitch(List<Path> fragments, Path audio, Path output) {
    checkArgument(!fragments.isEmpty(), "a video needs at least one fragment");
    // The end of the sound depends on the number of frames, so they are counted first.
    long frames = 0;
    for (Path fragment : fragments) {
      try (Fragment opened = new Fragment(fragment)) {
        frames += opened.frames();
      }
    }
    try (Fragment first = new Fragment(fragments.get(0));
        AacTrack sound = new AacTrack(audio, frames);
        Mp4Output video = new Mp4Output(output)) {
      Interleaving writing = new Interleaving(first, sound, video);
      for (Path fragment : fragments) {
        try (Fragment opened = new Fragment(fragment)) {
          opened.requireLike(first);
          writing.copy(opened);
        }
      }
      writing.finish();
      return new StitchedVideo(writing.frames, sound.samples(), sound.sampleRateHz());
    }
  }

  /** The writing of one video, packets by time. */
  private static final class Interleaving {
    private final AacTrack sound;
    private final Mp4Output video;
    private final int videoStream;
    private final int soundStream;
    private long frames;
    private boolean soundEnded;
    private long soundSamples;

    Interleaving(Fragment first, AacTrack sound, Mp4Output video) {
      this.sound = sound;
      this.video = video;
      videoStream = video.addStream(first.parameters(), FRAMES_PER_SECOND);
      soundStream = video.addStream(sound.parameters(), sound.sampleRateHz());
      video.writeHeader();
    }

    void copy(Fragment fragment) {
      for (AVPacket packet = fragment.next(); packet != null; packet = fragment.next()) {
        while (!soundEnded && soundSamples * FRAMES_PER_SECOND <= frames * sound.sampleRateHz()) {
          writeSound();
        }
        packet.pts(frames);
        packet.dts(frames);
        packet.duration(1);
        video.write(packet, videoStream, FRAMES_PER_SECOND);
        frames++;
      }
    }

    void finish() {
      while (!soundEnded) {
        writeSound();
      }
      video.finish();
    }

    private void writeSound() {
      AVPacket packet = sound.next();
      if (packet == null) {
        soundEnded = true;
        return;
      }
      soundSamples = packet.pts() + packet.duration();
      video.write(packet, soundStream, sound.sampleRateHz());
    }
  }
}
