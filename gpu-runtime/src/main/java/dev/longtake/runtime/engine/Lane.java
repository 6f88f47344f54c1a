package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.DitLane;
import dev.longtake.runtime.model.dit.TokenGrid;
import dev.longtake.runtime.model.vae.StreamingVaeDecoder;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;

/**
 * The memory of one take in progress; taken once, when the engine opens, and used by one take after
 * another.
 *
 * @param latents [3, h, w, C] of the block being denoised
 * @param velocity [3, h, w, C]
 * @param reference [1, h, w, C]
 * @param motion [19, h, w, C], oldest first
 * @param frames [4, H, W, 3], one latent frame's video frames
 */
record Lane(
    DitLane dit,
    KvStore caches,
    StreamingVaeDecoder decoder,
    Tensor latents,
    Tensor velocity,
    Tensor reference,
    Tensor motion,
    Tensor frames) {
  static Lane allocate(ModelStack stack, Arena arena, Arena host) {
    EngineShape shape = stack.shape();
    TokenGrid grid = shape.model().grid();
    DType dtype = stack.ops().activationType();
    return new Lane(
        new DitLane(
            stack.dit(), arena, shape.model().clipLatentFrames(), stack.executor().division()),
        stack.executor().openCaches(arena, host),
        new StreamingVaeDecoder(
            stack.vaeOps(), stack.vae(), arena, grid.latentRows(), grid.latentColumns()),
        latents(shape, arena, dtype, DitConfig.BLOCK_FRAMES),
        latents(shape, arena, dtype, DitConfig.BLOCK_FRAMES),
        latents(shape, arena, dtype, 1),
        latents(shape, arena, dtype, DitConfig.MOTION_FRAMES),
        arena.tensor(
            stack.vaeOps().activationType(),
            VaeConfig.TEMPORAL_STRIDE,
            shape.height(),
            shape.width(),
            VaeConfig.COLOURS));
  }

  private static Tensor latents(EngineShape shape, Arena arena, DType dtype, int frames) {
    TokenGrid grid = shape.model().grid();
    return arena.tensor(
        dtype, frames, grid.latentRows(), grid.latentColumns(), shape.vae().latentChannels());
  }
}
