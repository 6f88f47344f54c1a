package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.tensor.Tensor;

/** Makes video frames of one take's latents. */
final class TakeDecoder {
  /** Is given decoded frames. */
  interface Receiver {
    /**
     * Gets the frames of a latent frame.
     *
     * @param decoded [T, H, W, 3], which may be overwritten by what is queued later
     * @param dropped how many of the first frames nobody gets
     */
    void add(Tensor decoded, int dropped);
  }

  /** Video frames at the start of a take that are not kept: the model settles in them. */
  static final int DROPPED_FRAMES = 3;

  /** Motion latents that the decoder sees before a take that starts from a still picture. */
  private static final int STILL_LATENTS = 7;

  private final MediaModels media;
  private final DecodeLane lane;
  private final TakeSpec spec;
  private final GenerationListener listener;
  private final Receiver receiver;

  /**
   * Creates what decodes a take; does nothing yet.
   *
   * @param receiver is given all frames, those of at most one frame block at a time
   */
  TakeDecoder(
      MediaModels media,
      DecodeLane lane,
      Receiver receiver,
      TakeSpec spec,
      GenerationListener listener) {
    this.media = media;
    this.lane = lane;
    this.spec = spec;
    this.listener = listener;
    this.receiver = receiver;
  }

  /** Shows the decoder what came before, so that the picture does not jump. */
  void prime() {
    HostValues motion = spec.start().motion();
    motion.require("motion", media.shape().latents(DitConfig.MOTION_FRAMES).toArray());
    lane.decoder().reset();
    int latents = spec.start().moving() ? DitConfig.MOTION_FRAMES : STILL_LATENTS;
    int values = motion.values().length / DitConfig.MOTION_FRAMES;
    for (int i = 0; i < latents; i++) {
      media.ops().upload(motion.values(), i * values, lane.latent());
      decode(lane.latent());
    }
  }

  /**
   * Decodes a frame block.
   *
   * @param latents [3, h, w, C]
   */
  void decode(BlockPosition at, Tensor latents) {
    listener.decoding(at.clip(), at.block());
    for (int i = 0; i < DitConfig.BLOCK_FRAMES; i++) {
      int dropped = at.isFirst() && i == 0 ? DROPPED_FRAMES : 0;
      receiver.add(decode(latents.slice(i, 1)), dropped);
    }
    listener.decoded(at.clip(), at.block());
  }

  private Tensor decode(Tensor latent) {
    Tensor decoded = lane.frames().slice(0, lane.decoder().nextFrames());
    lane.decoder().decode(latent, decoded);
    return decoded;
  }
}
