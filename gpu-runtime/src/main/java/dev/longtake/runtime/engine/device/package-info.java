/**
 * What an engine computes on: a device's memory, its operations and the way back to the host. The
 * only place of the engine that knows which devices there are.
 */
@NullMarked
package dev.longtake.runtime.engine.device;

import org.jspecify.annotations.NullMarked;
