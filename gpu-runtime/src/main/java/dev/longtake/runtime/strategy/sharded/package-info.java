/** A model's weights are divided among devices, which let each other have them in time. */
@NullMarked
package dev.longtake.runtime.strategy.sharded;

import org.jspecify.annotations.NullMarked;
