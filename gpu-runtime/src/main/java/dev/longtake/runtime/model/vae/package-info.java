/**
 * The video autoencoder (Wan VAE 2.1): its sizes, weights, encoder and streaming decoder.
 *
 * <p>Frames are channels-last and normally in [-1, 1]; turning them into bytes, and pictures into
 * them, is not done here. Knows no sampler and no strategy.
 */
@NullMarked
package dev.longtake.runtime.model.vae;

import org.jspecify.annotations.NullMarked;
