/** Chooses among the execution strategies; each has a package of its own. */
@NullMarked
package dev.longtake.runtime.strategy;

import org.jspecify.annotations.NullMarked;
