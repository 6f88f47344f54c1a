/** Everything stays on one device. */
@NullMarked
package dev.longtake.runtime.strategy.resident;

import org.jspecify.annotations.NullMarked;
