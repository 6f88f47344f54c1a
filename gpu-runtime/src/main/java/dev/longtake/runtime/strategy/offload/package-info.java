/** Weights and caches that do not fit on the device are kept in host memory, and copied in time. */
@NullMarked
package dev.longtake.runtime.strategy.offload;

import org.jspecify.annotations.NullMarked;
