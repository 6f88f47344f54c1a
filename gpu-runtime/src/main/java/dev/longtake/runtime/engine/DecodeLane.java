package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.TokenGrid;
import dev.longtake.runtime.model.vae.StreamingVaeDecoder;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.tensor.Tensor;

/**
 * The memory of one take's decoding on a device.
 *
 * @param latent [1, h, w, C], of what came before the take
 * @param frames [4, H, W, 3], one latent frame's video frames
 */
record DecodeLane(StreamingVaeDecoder decoder, Tensor latent, Tensor frames) {
  static DecodeLane allocate(MediaModels media, Arena arena) {
    EngineShape shape = media.shape();
    TokenGrid grid = shape.model().grid();
    return new DecodeLane(
        new StreamingVaeDecoder(
            media.vaeOps(), media.vae(), arena, grid.latentRows(), grid.latentColumns()),
        arena.tensor(media.ops().activationType(), shape.latents(1)),
        arena.tensor(
            media.vaeOps().activationType(),
            VaeConfig.TEMPORAL_STRIDE,
            shape.height(),
            shape.width(),
            VaeConfig.COLOURS));
  }
}
