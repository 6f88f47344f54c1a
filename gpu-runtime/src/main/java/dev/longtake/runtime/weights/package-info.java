/** Checkpoint files as downloaded: reading, checking, merging, and bringing them to a device. */
@NullMarked
package dev.longtake.runtime.weights;

import org.jspecify.annotations.NullMarked;
