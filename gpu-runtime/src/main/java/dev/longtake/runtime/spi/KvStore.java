package dev.longtake.runtime.spi;

import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.LayerCaches;

/** Gives a take's caches while they are needed. Belongs to one lane. */
public interface KvStore {
  /**
   * Returns one layer's caches, with the ring of one denoising step, on the device by the time work
   * queued after this runs. What {@code use} reads is in them.
   */
  LayerCaches acquire(int step, int layer, CacheUse use);

  /**
   * Says that all work that needs what was acquired last has been queued, so that what {@code use}
   * wrote can be kept.
   */
  void release();
}
