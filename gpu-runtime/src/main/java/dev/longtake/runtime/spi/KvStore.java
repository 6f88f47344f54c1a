package dev.longtake.runtime.spi;

import dev.longtake.runtime.model.dit.LayerCaches;

/** Gives a take's caches while they are needed. Belongs to one lane. */
public interface KvStore {
  /** Returns one layer's caches, with the ring of one denoising step. */
  LayerCaches layer(int step, int layer);
}
