package dev.longtake.runtime.model.dit;

/**
 * One forward of one take, or a part of it, layer by layer.
 *
 * <p>Whoever holds it calls it for every one of its layers in order, each time with that layer's
 * weights and the take's caches for it; forwards of other takes may come between two layers.
 */
public interface LayerPass {
  /** Returns what the forward does with every layer's caches. */
  CacheUse use();

  /** Returns the layers that it goes through. */
  LayerRange layers();

  /** Takes the tokens through the next layer. Queued, not waited for. */
  void layer(DitLayerWeights weights, LayerCaches caches);
}
