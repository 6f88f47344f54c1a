/**
 * The wav2vec2 speech encoder: from samples to hidden states, and from their rate to the video's.
 * Reads no audio files, and leaves mixing the layers to the DiT's audio encoder.
 */
@NullMarked
package dev.longtake.runtime.model.wav2vec2;

import org.jspecify.annotations.NullMarked;
