package dev.longtake.runtime.engine;

import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.spi.ModelShape;

/** Where a frame block is in its take: which one of which clip, both from 0. */
record BlockPosition(int clip, int block) {
  static final BlockPosition FIRST = new BlockPosition(0, 0);

  /** Returns the block behind this one. */
  BlockPosition next(ModelShape model) {
    return block + 1 < model.blocks()
        ? new BlockPosition(clip, block + 1)
        : new BlockPosition(clip + 1, 0);
  }

  boolean isFirst() {
    return equals(FIRST);
  }

  /** Returns whether the reference is the take's own first frame from here on. */
  boolean changesReference() {
    return clip == 1 && block == 0;
  }

  /** Returns the block's first latent frame, counted from the start of the take. */
  int firstLatentFrame(ModelShape model) {
    return clip * model.clipLatentFrames() + block * DitConfig.BLOCK_FRAMES;
  }

  /** Returns the block's first row of the sound, of which every video frame has one. */
  int firstSoundRow(ModelShape model) {
    return firstLatentFrame(model) * VaeConfig.TEMPORAL_STRIDE;
  }
}
