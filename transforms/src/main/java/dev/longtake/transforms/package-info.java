/**
 * The standard plugin: reads manifests, prepares and splits requests, renders clips, stitches
 * videos and writes results.
 *
 * <p>Uses the engine through {@code dev.longtake.runtime.api} alone. How a model is computed or
 * placed on GPUs does not belong here.
 */
package dev.longtake.transforms;
