package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.device.Readback;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.tensor.Tensor;

/** Makes video frames of one take's latents, and brings them to the host. */
final class TakeDecoder {
  /** Video frames at the start of a take that are not kept: the model settles in them. */
  static final int DROPPED_FRAMES = 3;

  /** Motion latents that the decoder sees before a take that starts from a still picture. */
  private static final int STILL_LATENTS = 7;

  private final MediaModels media;
  private final DecodeLane lane;
  private final TakeSpec spec;
  private final GenerationListener listener;
  private final FrameDelivery delivery;

  /**
   * Creates what decodes a take; does nothing yet.
   *
   * @param readback of the lane
   */
  TakeDecoder(
      MediaModels media,
      DecodeLane lane,
      Readback readback,
      TakeSpec spec,
      GenerationListener listener) {
    this.media = media;
    this.lane = lane;
    this.spec = spec;
    this.listener = listener;
    this.delivery = new FrameDelivery(media.shape(), readback);
  }

  FrameDelivery delivery() {
    return delivery;
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
      delivery.add(decode(latents.slice(i, 1)), dropped);
    }
    listener.decoded(at.clip(), at.block());
  }

  private Tensor decode(Tensor latent) {
    Tensor decoded = lane.frames().slice(0, lane.decoder().nextFrames());
    lane.decoder().decode(latent, decoded);
    return decoded;
  }
}
