package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.KvCache;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;

/**
 * What an audio injector makes of a frame block's sound. The same in every step, so it is computed
 * in the block's first forward and kept.
 */
final class InjectedSound {
  private final Tensor shift;
  private final Tensor scale;
  private final KvRun keyValues;
  private boolean complete;

  /** Takes memory for the sound of a frame block. */
  InjectedSound(Ops ops, Arena arena, DitConfig config) {
    int frames = DitConfig.BLOCK_FRAMES;
    this.shift = arena.tensor(ops.activationType(), frames, config.width());
    this.scale = arena.tensor(ops.activationType(), frames, config.width());
    this.keyValues =
        KvCache.allocate(
                arena,
                ops.activationType(),
                frames * (config.audioTokens() + 1),
                config.heads(),
                config.headWidth())
            .all();
  }

  /** Returns activation type [F, E], what a latent frame's normalised tokens are moved by. */
  Tensor shift() {
    return shift;
  }

  /** Returns activation type [F, E], what they are scaled by, less 1. */
  Tensor scale() {
    return scale;
  }

  /** Returns what they attend to, plain, the latent frames' sound tokens one after another. */
  KvRun keyValues() {
    return keyValues;
  }

  /** Returns whether this holds what the present block's sound gives. */
  boolean isComplete() {
    return complete;
  }

  void setComplete(boolean complete) {
    this.complete = complete;
  }
}
