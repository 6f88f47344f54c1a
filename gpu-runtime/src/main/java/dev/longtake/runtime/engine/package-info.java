/**
 * The engine: loads a checkpoint onto a device by a strategy, encodes conditions, and generates
 * clips. The only loop over clips, frame blocks and steps is here.
 */
@NullMarked
package dev.longtake.runtime.engine;

import org.jspecify.annotations.NullMarked;
