package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.DitLane;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;

/**
 * The memory of one take's denoising on a device.
 *
 * @param latents [3, h, w, C] of the block being denoised
 * @param velocity [3, h, w, C]
 * @param reference [1, h, w, C]
 * @param motion [19, h, w, C], oldest first
 */
record DenoiseLane(
    DitLane dit, KvStore caches, Tensor latents, Tensor velocity, Tensor reference, Tensor motion) {
  static DenoiseLane allocate(Transformer transformer, Arena arena, Arena host) {
    EngineShape shape = transformer.shape();
    DType dtype = transformer.ops().activationType();
    return new DenoiseLane(
        new DitLane(
            transformer.dit(),
            arena,
            shape.model().clipLatentFrames(),
            transformer.executor().division()),
        transformer.executor().openCaches(arena, host),
        arena.tensor(dtype, shape.latents(DitConfig.BLOCK_FRAMES)),
        arena.tensor(dtype, shape.latents(DitConfig.BLOCK_FRAMES)),
        arena.tensor(dtype, shape.latents(1)),
        arena.tensor(dtype, shape.latents(DitConfig.MOTION_FRAMES)));
  }
}
