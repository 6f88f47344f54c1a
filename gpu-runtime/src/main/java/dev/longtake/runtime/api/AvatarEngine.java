package dev.longtake.runtime.api;

import java.util.List;

/**
 * The model on a device, ready to render takes. Opened by an {@link EngineProvider}.
 *
 * <p>Safe for use by several threads; what they ask for is computed one after another.
 */
public interface AvatarEngine extends AutoCloseable {
  /** Returns what this engine was opened with. */
  EngineConfig config();

  /** Returns where the memory goes, for people. */
  String memoryPlan();

  /**
   * Returns what was used of each device so far, in the order in which they were configured; of
   * those that have something to do. Waits for nothing and asks no driver; may be called while
   * others compute, and after the engine was closed.
   */
  List<DeviceUse> use();

  /** Returns how the engine was placed, and why. */
  default Choice choice() {
    return new Choice(config().strategy(), memoryPlan(), "as configured", 0);
  }

  /**
   * Encodes a prompt.
   *
   * @return [tokens, text width]
   */
  HostValues encodePrompt(String prompt);

  /**
   * Encodes the speech of a take.
   *
   * @param samples mono, 16 kHz: what the take hears, from its first frame on
   * @param silentFrames video frames of silence to put in front: where the take begins with the
   *     speech, as many as the checkpoint asks for, see {@link CheckpointInfo#audioLeadFrames}
   * @return [frames, audio width], one row a video frame, for whole clips
   * @throws InvalidRequestException if it is too short
   */
  HostValues encodeAudio(float[] samples, int silentFrames);

  /**
   * Encodes a picture, scaled to cover the video.
   *
   * @throws InvalidRequestException if its proportions are impossible
   */
  PictureLatents encodePicture(Picture picture);

  /**
   * Begins a take; waits for a lane to become free.
   *
   * @return the take, to be closed
   */
  TakeSession open(TakeSpec spec);

  /** Frees the device. All takes must be closed. */
  @Override
  void close();
}
