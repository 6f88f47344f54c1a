/**
 * The causal diffusion transformer of Live Avatar (Wan2.2-S2V): tokens, layers, conditions, head.
 *
 * <p>Written once against {@code Ops}. Nothing here knows where weights and caches are kept: a
 * caller walks the layers and hands each one its weights and its caches.
 */
@NullMarked
package dev.longtake.runtime.model.dit;

import org.jspecify.annotations.NullMarked;
