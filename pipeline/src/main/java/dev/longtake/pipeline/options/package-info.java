/**
 * The options of a rendering pipeline: what to render, with what, and which plugins by name.
 * Settings that one plugin alone understands do not belong here: they are an interface of its own.
 */
@NullMarked
package dev.longtake.pipeline.options;

import org.jspecify.annotations.NullMarked;
