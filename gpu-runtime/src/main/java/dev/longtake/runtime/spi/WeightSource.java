package dev.longtake.runtime.spi;

import dev.longtake.runtime.model.dit.DitLayerWeights;

/**
 * Gives a layer's weights while they are needed. Layers of a sweep are acquired in ascending order.
 */
public interface WeightSource {
  /**
   * Says where the next sweep begins; the last one may have ended anywhere.
   *
   * @param step whose forward it is
   * @param layer of it
   */
  default void begin(int step, int layer) {}

  /** Returns the weights of a layer, on the device by the time work queued after this runs. */
  DitLayerWeights acquire(int layer);

  /** Says that all work that needs the layer has been queued. */
  void release(int layer);
}
