package dev.longtake.runtime.spi;

import dev.longtake.runtime.model.dit.LayerPass;

/**
 * One lane's forward, ready to be carried out.
 *
 * @param caches of the lane
 * @param step which step's rings it works on
 */
public record LanePass(KvStore caches, int step, LayerPass pass) {}
