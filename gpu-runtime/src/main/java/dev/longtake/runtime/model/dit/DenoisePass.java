package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.model.dit.CausalAudioEncoder.Sound;

/**
 * What is the same for all layers in one forward of one frame block.
 *
 * @param noisy angles of the block's tokens
 * @param reference angles of the reference's tokens, at its place in this forward
 * @param sound of the block's latent frames
 * @param ringToken where the block's keys and values go in the ring
 * @param ringTokens how many of the ring's tokens are in use, this block's among them
 */
record DenoisePass(
    TimestepEmbedding timestep,
    Rope3d.Table noisy,
    Rope3d.Table reference,
    Sound sound,
    int ringToken,
    int ringTokens) {}
