/**
 * The umT5 text encoder: prompt text, its tokens, and the forward pass. Written against {@code
 * Ops}; pads nothing, because padding the encoded text is the DiT's business.
 */
@NullMarked
package dev.longtake.runtime.model.t5;

import org.jspecify.annotations.NullMarked;
