/**
 * The frame of a rendering pipeline: what flows through it, what a plugin may add to it, and how it
 * is put together.
 *
 * <p>Speaks Beam only. The engine and the transforms themselves do not belong here; neither may be
 * imported.
 */
package dev.longtake.pipeline;
